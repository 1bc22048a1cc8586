"""What an error of the database may say: which column, which constraint; never a value of a row.

PostgreSQL quotes the row that it refuses and the text that it cannot read, and SQLAlchemy adds the
parameters; either may hold tokens, numbers and messages of payers.
"""

import re
from typing import Any

import psycopg
import sqlalchemy as sa

from zampay.infra.scrubbing import HIDDEN

_DATA_EXCEPTIONS = "22"  # SQLSTATE class: these quote what they could not read
_QUOTED = re.compile(r'".*"', re.DOTALL)


def keep_values_out(engine: sa.Engine) -> None:
    """Take the row's values out of each error of this engine before anybody catches it; the engine
    itself is to be made with `hide_parameters=True`.
    """

    @sa.event.listens_for(engine, "handle_error")
    def _forget_values(context: Any) -> None:
        error, wrapped = context.original_exception, context.sqlalchemy_exception
        if not isinstance(error, psycopg.Error) or error.diag.message_primary is None:
            return
        whole, kept = str(error), _without_values(error)
        error.args = (kept,)
        if wrapped is not None:
            wrapped.args = tuple(str(text).replace(whole, kept) for text in wrapped.args)


def _without_values(error: psycopg.Error) -> str:
    """The first part of the server's message; detail, hint and context are left out."""
    text = error.diag.message_primary or ""
    if (error.sqlstate or "").startswith(_DATA_EXCEPTIONS):
        return _QUOTED.sub(f'"{HIDDEN}"', text)
    return text
