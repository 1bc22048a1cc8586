"""How every group of our commands fails: in one sentence and with exit status 1, never with a stack
that shows the inside, when the database is not there or not ours.
"""

from typing import Any

import click
import psycopg
import sqlalchemy as sa
from flask.cli import AppGroup

from zampay.cli import output
from zampay.infra.database import database_errors
from zampay.infra.telemetry import error_text

DOCTOR = "`zampay doctor` says more."
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
            with output.visible():
                return super().invoke(ctx)
        except sa.exc.SQLAlchemyError as error:
            raise click.ClickException(_sentence(error)) from error


def _sentence(error: sa.exc.SQLAlchemyError) -> str:
    """What to say of it; a defect is raised as it is."""
    if isinstance(getattr(error, "orig", None), _MISSING):
        return OTHER_SCHEMA
    if not database_errors.is_unavailable(error):
        raise error
    if database_errors.sqlstate(error) is None:
        return AWAY
    return f"PostgreSQL cannot do this: {error_text.of_database(error)}. {DOCTOR}"
