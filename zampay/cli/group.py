"""How every group of our commands fails: in one sentence and with exit status 1, never with a stack
that shows the inside, when the database is not there or not ours.
"""

from typing import Any

import click
import psycopg
import sqlalchemy as sa
from flask.cli import AppGroup

DOCTOR = "`flask --app wsgi doctor` says more."
AWAY = (
    "PostgreSQL is away or does not answer. What this command began may be done: look before you "
    f"try again. {DOCTOR}"
)
OTHER_SCHEMA = f"The database has another schema than this program. {DOCTOR}"
_MISSING = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)


class Commands(AppGroup):
    """A group whose commands say that the database is away; a defect still shows its stack."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command.

        Raises:
            click.ClickException: the database is away, or lacks what the program reads.
        """
        try:
            return super().invoke(ctx)
        except (sa.exc.OperationalError, sa.exc.TimeoutError) as error:
            raise click.ClickException(AWAY) from error
        except sa.exc.ProgrammingError as error:
            if not isinstance(error.orig, _MISSING):
                raise
            raise click.ClickException(OTHER_SCHEMA) from error
