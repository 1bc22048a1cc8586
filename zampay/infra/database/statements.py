"""SQL as the driver takes it, past SQLAlchemy's results: those cost a short statement three times
what the driver and PostgreSQL need for it. Errors stay SQLAlchemy's, and so do lost connections.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

Rows = psycopg.Cursor[Any]
"""What a statement gave: iterate, `fetchone()`, `fetchall()`, `rowcount`; fields by name."""


def run(link: sa.Connection, statement: str, values: Mapping[str, Any] | None) -> Rows:
    """Run a statement with `%(name)s` for a value; a dict becomes JSON.

    Raises:
        sqlalchemy.exc.DBAPIError: as SQLAlchemy's own statements do.
    """
    adapted = {name: _adapted(value) for name, value in values.items()} if values else None
    try:
        driver: Any = link.connection.driver_connection
        cursor: Rows = driver.cursor(row_factory=namedtuple_row)
        return cursor.execute(statement, adapted)
    except psycopg.Error as error:
        # SQLAlchemy's one place for errors of the driver; it has no public name. It gives up what
        # is lost, tells the listeners of `handle_error`, and raises.
        link._handle_dbapi_exception(error, statement, None, None, None)  # noqa: SLF001


def last(link: sa.Connection, several: str) -> Any:
    """Run several statements in one round trip; the one row of the last.

    Raises:
        sqlalchemy.exc.DBAPIError: as `run`.
    """
    cursor = run(link, several, None)
    while cursor.nextset():
        pass
    return cursor.fetchone()


def _adapted(value: Any) -> Any:
    if isinstance(value, dict):
        return Jsonb(value)
    return str(value) if isinstance(value, StrEnum) else value
