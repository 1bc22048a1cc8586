"""The database's migrations: where they are, and which there are.

Alembic is imported by whoever needs it, and not with this module: a tenth of the start of a web,
worker or beat process went into it, and those do not migrate.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

DIRECTORY: Final = Path(__file__).parents[3] / "migrations"


def init(app: Flask, database: SQLAlchemy) -> None:
    """Let this application migrate, by `flask db …`."""
    from flask_migrate import Migrate

    Migrate(app, database, directory=str(DIRECTORY), compare_type=True)


@lru_cache
def revisions() -> tuple[set[str], set[str]]:
    """What this program's own migrations are: all of them, and the last."""
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(DIRECTORY))
    return {revision.revision for revision in script.walk_revisions()}, set(script.get_heads())
