"""Raw connections as the plain role, and a row in every table for every tenant."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask

from dev.servers import as_postgresql
from zampay.infra.database.db import EVERY_TENANT, db, transaction
from zampay.kernel import ids

OF_NOBODY = {"heartbeats", "operators"}
"""Tables that hold nothing of any tenant; whatever is not named here has to keep tenants apart."""
WORDS = {"wallets.status": "UNVERIFIED", "network_troubles.state": "DOWN"}
"""Values of columns that take only certain words."""
TABLES = sorted(db.metadata.tables.keys() - OF_NOBODY)


def owner_column(table: str) -> str:
    """The column that says whose a row is."""
    return "id" if table == "tenants" else "tenant_id"


def written(table: str) -> list[str]:
    """The columns of a table that a statement may fill: all but what the database computes."""
    columns = db.metadata.tables[table].columns
    return [column.name for column in columns if column.computed is None]


@contextmanager
def session(app: Flask, tenant_id: str | None) -> Iterator["psycopg.Connection[Any]"]:
    """A connection of the plain role that named this tenant, or none; nothing of it is kept."""
    url = as_postgresql(app.config["SQLALCHEMY_DATABASE_URI"])
    with psycopg.connect(url) as connection:
        if tenant_id is not None:
            connection.execute("SELECT set_config('zampay.tenant_id', %s, false)", [tenant_id])
        connection.commit()
        yield connection
        connection.rollback()


def until_somebody_waits(app: Flask, count: int = 1) -> None:
    """Come back when so many statements wait for locks of other transactions."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    ends_s = time.monotonic() + 10
    with session(app, None) as connection:
        connection.autocommit = True
        while (found := connection.execute(waiting).fetchone()) is None or found[0] < count:
            assert time.monotonic() < ends_s, "nobody waits for a lock"
            time.sleep(0.01)


def fill(app: Flask, tenant_id: str) -> None:
    """Add the least possible row to every table in which the tenant has none yet."""
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        for table in [one for one in db.metadata.sorted_tables if one.name in TABLES]:
            own = table.c[owner_column(table.name)] == tenant_id
            if tx.session.scalar(sa.select(sa.func.count()).select_from(table).where(own)) == 0:
                tx.session.execute(table.insert().values(_least(tx.session, table, tenant_id)))


def _least(session: Any, table: sa.Table, tenant_id: str) -> dict[str, Any]:
    """A value for each column that needs one; parents are the tenant's own rows."""
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.name == "tenant_id":
            values[column.name] = tenant_id
        elif column.foreign_keys:
            parent = next(iter(column.foreign_keys)).column
            own = parent.table.c.tenant_id == tenant_id
            values[column.name] = session.scalar(sa.select(parent).where(own).limit(1))
        elif not (column.nullable or column.server_default is not None):
            values[column.name] = WORDS.get(f"{table.name}.{column.name}") or _any(column)
    return {name: value for name, value in values.items() if value is not None}


def _any(column: "sa.Column[Any]") -> Any:
    if column.identity is not None:
        return None
    kind = column.type.python_type
    chosen: dict[type, Any] = {
        str: ids.new("row"),
        bool: True,
        int: 1,
        bytes: b"x",
        object: {},
        list: [],
        datetime: datetime.now(UTC),
    }
    return chosen[kind]
