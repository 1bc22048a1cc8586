"""Rows that a test would make by requests, put back in one round trip."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from tests.support.tables import emptied
from zampay.infra.database.db import db

Made = TypeVar("Made")
CHAINS = {"audit_log", "transitions"}
"""Their lines are hashed with their times."""


class Kept:
    """All rows of some tables as they are now. `put_back` makes them as if it had been now again:
    they are as old as they were.
    """

    def __init__(self, link: psycopg.Connection, tables: Iterable[sa.Table]) -> None:
        self._link = link
        (kept_at,) = link.execute("SELECT now()::text").fetchone() or ("",)
        self._statement = SQL("; ").join(self._inserts(tables, kept_at))

    def put_back(self) -> None:
        """The tables must be empty, or hold other rows; triggers must be off."""
        self._link.execute(self._statement)

    def _inserts(self, tables: Iterable[sa.Table], kept_at: str) -> Iterator[Composed]:
        for table in tables:
            name = Identifier(table.name)
            rows = self._link.execute(SQL("SELECT t::text FROM {} t").format(name)).fetchall()
            if rows:
                columns = [column for column in table.columns if column.computed is None]
                yield SQL("INSERT INTO {0} ({1}) SELECT {2} FROM unnest({3}::{0}[])").format(
                    name,
                    SQL(", ").join(Identifier(column.name) for column in columns),
                    SQL(", ").join(_later(column, kept_at) for column in columns),
                    Literal([row for (row,) in rows]),
                )


def _later(column: "sa.Column[object]", kept_at: str) -> Composable:
    name = Identifier(column.name)
    if isinstance(column.type, sa.TIMESTAMP) and column.table.name not in CHAINS:
        return SQL("{} + (now() - {}::timestamptz)").format(name, Literal(kept_at))
    return name


class Once:
    """`once("a failed payment", make)`: what `make` gives, and every row as `make` has left it. It
    runs the first time alone; from then on the rows are put back.
    """

    def __init__(self, link: psycopg.Connection, *, has_triggers: bool) -> None:
        self._link = link
        self._has_triggers = has_triggers
        self._known: dict[str, tuple[Any, Kept]] = {}

    def __call__(self, name: str, make: Callable[[], Made]) -> Made:
        made: Made
        if name in self._known:
            made, rows = self._known[name]
            emptied(self._link, has_triggers=False)
            rows.put_back()
        else:
            made = make()
            if not self._has_triggers:
                self._known[name] = made, Kept(self._link, db.metadata.sorted_tables)
        return made
