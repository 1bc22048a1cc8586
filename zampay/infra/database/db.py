"""The database: one engine, and `transaction()`, the only place that commits.

A transaction names its tenant, and PostgreSQL's row-level security shows it nothing else. Only the
operator's commands see `EVERY_TENANT`, as the owner of the tables (docs/adr/0007). The time of a
transaction is the database's, because the clocks of our hosts may differ (RLS: PostgreSQL manual,
5.9 Row Security Policies).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
import structlog
from flask import Flask, current_app, g
from flask_sqlalchemy import SQLAlchemy
from psycopg.sql import SQL, Composable, Identifier
from sqlalchemy.orm import DeclarativeBase, Session

from zampay.infra.database import after_commit, database_errors, statements, timeouts
from zampay.infra.database.definer import EVERY_TENANT_SETTING, Function
from zampay.infra.telemetry import metrics
from zampay.kernel import storable

log = structlog.get_logger()
EVERY_TENANT: Final = "*"
"""For the operator's commands only: it shows nothing to a role that does not own the tables."""
NO_TENANT: Final = ""
"""For what belongs to nobody, such as signs of life, and for functions of `definer`."""
TENANT_SETTING = "zampay.tenant_id"
_BEGIN = SQL("BEGIN; SELECT set_config({setting}, {value}, true) AS value, now()")
_LONGEST_WAIT_S = 20.0  # more than statement_timeout: a server that works says more itself
_SESSION_SETTINGS = (
    "SET statement_timeout = '15s'",
    "SET lock_timeout = '5s'",
    "SET idle_in_transaction_session_timeout = '30s'",
)
ROLE_QUERY = (
    "SELECT bool_or(rolsuper OR rolbypassrls), current_user FROM pg_roles"
    " WHERE pg_has_role(current_user, oid, 'MEMBER')"  # what SET ROLE can make of it, too
)
_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class RoleBypassesRowSecurity(SystemExit):
    """The role we connect as passes every policy, so tenants would not be kept apart."""


class NotUsable(SystemExit):
    """The database that we connect to can never do what is needed."""

    REMEDY = "Make one with `CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'`."


class Base(DeclarativeBase):
    """The base of all models."""

    metadata = sa.MetaData(naming_convention=_NAMING)


db = SQLAlchemy(
    model_class=Base,
    session_options={"expire_on_commit": False},
    disable_autonaming=True,
)
Base.registry.update_type_annotation_map({datetime: sa.TIMESTAMP(timezone=True)})
if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


@dataclass(slots=True)
class Transaction:
    """One unit of work: its connection, the database's time at its start, whom to wake after."""

    link: sa.Connection
    tenant_id: str
    now: datetime
    messages: list[after_commit.TaskMessage] = field(default_factory=list)
    writes: list[Callable[[], None]] = field(default_factory=list)
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    as_read: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Rows that were locked, by id: the values that were read."""
    _session: Session | None = None

    @property
    def session(self) -> Session:
        """SQLAlchemy's unit of work, made when it is first wanted."""
        if self._session is None:
            self._session = Session(self.link, expire_on_commit=False)
        return self._session

    def execute(self, statement: str, **values: Any) -> statements.Rows:
        """Run SQL as the driver takes it, with `%(name)s` for a value; a dict becomes JSON.

        Raises:
            sqlalchemy.exc.DBAPIError: as of all statements.
        """
        return statements.run(self.link, statement, values)

    def commit(self) -> None:
        """Write what the unit of work holds, and commit."""
        self.flush()
        self.link.commit()

    def flush(self) -> None:
        """Write what the unit of work holds, if there is one."""
        if self._session is not None:
            self._session.flush()

    def close(self) -> None:
        """Give the connection back; what was not committed is undone."""
        if self._session is not None:
            self._session.close()
        self.link.close()

    def before_commit(self, write: Callable[[], None]) -> None:
        """Do this last, before the commit."""
        self.writes.append(write)

    def enqueue(self, task: str, **arguments: Any) -> None:
        """Wake a worker for this task once, and only if, the transaction has committed."""
        self.messages.append(after_commit.TaskMessage(task, arguments))

    def once_committed(self, tell: Callable[[], None]) -> None:
        """Log or count this once, and only if, the transaction has committed."""
        self.afterwards.append(tell)


@dataclass(frozen=True, slots=True)
class TenantOf:
    """The tenant that a function of the database names; nobody if it names none."""

    function: Function
    arguments: Mapping[str, str]

    def value(self) -> Composable:
        """The tenant's id as a part of a statement."""
        arguments = SQL(", ").join(self.arguments[name] for name in self.function.parameters)
        found = SQL("coalesce((SELECT tenant_id FROM {}({}) LIMIT 1), '')")
        return found.format(Identifier(self.function.name), arguments)


@contextmanager
def transaction(scope: str | TenantOf) -> Iterator[Transaction]:
    """Commit what the block did, or nothing of it; the connection goes back before it returns.

    Args:
        scope: whose rows may be seen and written: a tenant's id, what names it, `NO_TENANT` or
            `EVERY_TENANT`.
    """
    assert not g.get("in_transaction"), "transactions do not nest: pass the open one along"
    unit, g.in_transaction = _begin(scope), True
    try:
        yield unit
        for write in unit.writes:
            write()
        unit.commit()
    finally:
        g.in_transaction = False
        unit.close()
    for tell in unit.afterwards:
        try:
            tell()
        except Exception:  # it is committed: whoever only watches must not make it look failed
            log.exception("not_told")
    after_commit.send(unit.messages)


def _begin(scope: str | TenantOf) -> Transaction:
    """Begin, with the scope and the time in one round trip. A connection that was lost while it lay
    in the pool is found out by that: nothing has been done yet, so a new one is tried, once.
    """
    try:
        return _begun(scope)
    except sa.exc.DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return _begun(scope)


def _begun(scope: str | TenantOf) -> Transaction:
    link = db.engine.connect()
    try:
        link.begin()  # in SQLAlchemy's books only: the driver is in autocommit mode
        found = statements.last(link, _begin_text(link, scope))
    except BaseException:
        link.close()
        raise
    return Transaction(link, EVERY_TENANT if scope == EVERY_TENANT else found.value, found.now)


def _begin_text(link: sa.Connection, scope: str | TenantOf) -> str:
    if isinstance(scope, str):
        return _begin_as(scope)
    begin = _BEGIN.format(setting=TENANT_SETTING, value=scope.value())
    return begin.as_string(link.connection.driver_connection)


@lru_cache(maxsize=1000)
def _begin_as(scope: str) -> str:
    """The same text for a tenant each time: to quote it anew took 3 % of accepting a payment."""
    is_every = scope == EVERY_TENANT
    setting, value = (EVERY_TENANT_SETTING, "on") if is_every else (TENANT_SETTING, scope)
    return _BEGIN.format(setting=setting, value=storable.text(value)).as_string(None)


def init(app: Flask, *, url: str, pool_size: int, refuse_bypass: bool) -> None:
    """Give the application its engine and the guard on its role."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 10,
        "hide_parameters": True,
        "isolation_level": "AUTOCOMMIT",  # `transaction()` begins by hand
        "connect_args": {"connect_timeout": 5, "application_name": "zampay"},
    }
    db.init_app(app)
    with app.app_context():
        timeouts.bound(db.engine, longest_wait_s=_LONGEST_WAIT_S)

        @sa.event.listens_for(db.engine, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            prepare(connection, refuse_bypass=refuse_bypass)

        database_errors.keep_values_out(db.engine)
        database_errors.let_go_of_the_read_only(db.engine)
        _measure(db.engine.pool)
    metrics.POOL_SIZE.set(pool_size)


def _measure(pool: sa.Pool) -> None:
    """Count what is taken from the pool and what comes back: a connection that fails as it is
    taken comes back without having been counted.
    """

    @sa.event.listens_for(pool, "checkout")
    def _taken(_connection: Any, record: Any, _fairy: Any) -> None:
        record.record_info["counted"] = True
        metrics.POOL_IN_USE.inc()

    @sa.event.listens_for(pool, "checkin")
    def _back(_connection: Any, record: Any) -> None:
        if record.record_info.pop("counted", False):
            metrics.POOL_IN_USE.dec()


def prepare(connection: Any, *, refuse_bypass: bool) -> None:
    """Set a fresh connection's timeouts, and refuse a role that row-level security cannot hold.

    Raises:
        RoleBypassesRowSecurity: the role is a superuser or has BYPASSRLS.
    """
    connection.autocommit = True
    with connection.cursor() as cursor:
        for setting in _SESSION_SETTINGS:
            cursor.execute(setting)
        bypasses, role = cursor.execute(ROLE_QUERY).fetchone()
    if bypasses and refuse_bypass:
        raise RoleBypassesRowSecurity(
            f"ZamPay does not start as the PostgreSQL role {role!r}: it is a superuser or has "
            "BYPASSRLS, and would see every tenant's rows. Use a plain role that owns the database."
        )


def check_role() -> None:
    """Connect once, so that a role that bypasses row-level security stops the start.

    A database that is away does not: the process waits for it, and the guard meets it then.

    Raises:
        NotUsable: it cannot keep every text.
    """
    try:
        db.engine.connect().close()
    except sa.exc.DBAPIError as error:
        if isinstance(error.orig, database_errors.NotUtf8):
            raise NotUsable(f"ZamPay does not start: {error.orig}. {NotUsable.REMEDY}") from None
        if not database_errors.is_unavailable(error):
            raise
        current_app.logger.warning("database away at start")
