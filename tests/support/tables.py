"""The tables as they are, over every tenant: a refusal has to leave each as it was."""

import sqlalchemy as sa
from flask import Flask

from zampay.infra.database.db import EVERY_TENANT, db, transaction


def row_counts(app: Flask) -> dict[str, int]:
    """How many rows each table of the metadata holds."""
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        return {
            table.name: tx.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in db.metadata.sorted_tables
        }


def contents(app: Flask) -> dict[str, list[str]]:
    """Every row of every table of the metadata as JSON, in a stable order.

    When a key was last used is left out: that is a trace of asking, whatever the answer.
    """
    query = "SELECT (to_jsonb(t) - 'last_used_at')::text FROM {} t"
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        return {
            table.name: sorted(tx.session.scalars(sa.text(query.format(table.name))))
            for table in db.metadata.sorted_tables
        }
