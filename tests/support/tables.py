"""The tables as they are, over every tenant: a refusal has to leave each as it was; and emptied.

One query asks all of them: a query for each takes longer than most of the requests it is about.
"""

from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask
from psycopg.sql import SQL, Identifier

from zampay.infra.database.db import EVERY_TENANT, db, transaction

LARGE_BYTES = 1_000_000
LARGE = "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND pg_relation_size(oid) > %s"


def row_counts(app: Flask) -> dict[str, int]:
    """How many rows each table of the metadata holds."""
    return dict(_of_each(app, "SELECT '{0}', count(*) FROM {0}"))


def contents(app: Flask) -> dict[str, list[str]]:
    """Every row of every table of the metadata as JSON, in a stable order.

    When a key was last used is left out: that is a trace of asking, whatever the answer.
    """
    found: dict[str, list[str]] = {table.name: [] for table in db.metadata.sorted_tables}
    for name, row in _of_each(app, "SELECT '{0}', (to_jsonb(t) - 'last_used_at')::text FROM {0} t"):
        found[name].append(row)
    return {name: sorted(rows) for name, rows in found.items()}


def _of_each(app: Flask, query: str) -> list[tuple[str, Any]]:
    every = " UNION ALL ".join(query.format(table.name) for table in db.metadata.sorted_tables)
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        return [(row[0], row[1]) for row in tx.session.execute(sa.text(every))]


def emptied(link: psycopg.Connection, *, has_triggers: bool) -> None:
    """Delete every row. A TRUNCATE makes new files for each table and index, which takes a
    hundred times as long; only tables that a test has filled are worth it.
    """
    tables = [table.name for table in reversed(db.metadata.sorted_tables)]
    large = [name for (name,) in link.execute(LARGE, (tables, LARGE_BYTES))]
    with link.transaction():
        for name in tables if has_triggers else ():
            link.execute(SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(Identifier(name)))
        for name in large:
            link.execute(SQL("TRUNCATE {} CASCADE").format(Identifier(name)))
        link.execute(SQL("; ").join(SQL("DELETE FROM {}").format(Identifier(n)) for n in tables))
        for name in tables if has_triggers else ():
            link.execute(SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(Identifier(name)))
