"""A connection outside the pool, with short time-outs and read-only: for health and metrics, which
must answer just when the pool is exhausted or the database is slow. Health also tries a write.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from flask import Flask, current_app

from zampay.infra.database import database_errors, timeouts
from zampay.infra.database.db import db
from zampay.infra.database.definer import EVERY_TENANT_SETTING

CONNECT_TIMEOUT_S = 2
STATEMENT_TIMEOUT_S = 2
_LONGER_S = 0.5
_PREPARE = sa.text("SELECT set_config('statement_timeout', :timeout, true)")
_EVERY = sa.text(f"SELECT set_config('{EVERY_TENANT_SETTING}', 'on', true)")
_SPILL = sa.text("""
    SELECT count(*) FROM (
        SELECT repeat('x', 1000) || number AS filler FROM generate_series(1, 200) AS number
        ORDER BY filler DESC OFFSET 0
    ) AS sorted_on_disk
""")


def init(app: Flask, *, url: str) -> None:
    """Prepare the engine; nothing is connected before it is needed, and nothing kept after."""
    engine = sa.create_engine(
        url,
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "zampay-probe",
            "tcp_user_timeout": CONNECT_TIMEOUT_S * 1000,
        },
    )
    timeouts.bound(engine, longest_wait_s=STATEMENT_TIMEOUT_S + _LONGER_S)
    database_errors.keep_values_out(engine)
    app.extensions["probe"] = engine


@contextmanager
def connection(
    *, statement_timeout_s: int = STATEMENT_TIMEOUT_S, every_tenant: bool = False
) -> Iterator[sa.Connection]:
    """One read-only transaction that sees no tenant's rows; for the operator's commands, which
    connect as the owner of the tables, those of `every_tenant`.

    Raises:
        sqlalchemy.exc.OperationalError: the database is away, too slow, or hangs.
    """
    engine: sa.Engine = current_app.extensions["probe"]
    with engine.connect() as link:
        timeouts.extend(link, longest_wait_s=statement_timeout_s + _LONGER_S)
        link.execute(sa.text("SET TRANSACTION READ ONLY"))
        _prepare(link, statement_timeout_s)
        if every_tenant:
            link.execute(_EVERY)
        yield link


def try_to_write(tables: Sequence[str]) -> None:
    """Do what a payment needs, without leaving anything: may rows be put into these tables, and
    changed in the first of them, and is there room on the disk?

    Raises:
        sqlalchemy.exc.DBAPIError: why not.
    """
    engine: sa.Engine = current_app.extensions["probe"]
    with engine.connect() as link:  # what ends without a commit leaves nothing
        _prepare(link, STATEMENT_TIMEOUT_S)
        for name in tables:
            table = db.metadata.tables[name]
            own = [column for column in table.columns if column.primary_key and not column.identity]
            nothing = sa.select(*own).where(sa.false())
            link.execute(sa.insert(table).from_select([column.name for column in own], nothing))
            if name == tables[0]:
                link.execute(sa.update(table).values({own[0].name: own[0]}).where(sa.false()))
        link.execute(sa.text("SET LOCAL work_mem = '64kB'"))
        link.execute(_SPILL)


def _prepare(link: sa.Connection, statement_timeout_s: int) -> None:
    timeout = f"{statement_timeout_s}s"
    link.execute(_PREPARE, {"timeout": timeout})
