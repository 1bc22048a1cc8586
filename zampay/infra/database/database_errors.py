"""What an error of the database means (by its SQLSTATE, in one place), and what it may say: which
column, which constraint; never a value of a row.

PostgreSQL quotes the row that it refuses and the text that it cannot read, and SQLAlchemy adds the
parameters; either may hold tokens, numbers and messages of payers.
"""

import re
from typing import Any

import psycopg
import sqlalchemy as sa

from zampay.infra.telemetry.redaction import HIDDEN

_DATA_EXCEPTIONS = "22"  # SQLSTATE class: these quote what they could not read
_UNAVAILABLE = re.compile(
    "08...|28...|3D000"  # no connection, no such role or database
    "|25006|25P03|25P04"  # read-only (a standby, too); it ended a transaction that was idle or long
    "|40...|55...|57..."  # in each other's way; not in that state; stopping, starting, too slow
    "|53...|58...|XX00[12]"  # no room or no more connections; its files; its data
)
READ_ONLY = "25006"
_NOT_OURS = re.compile("42501|42P01|42703|42704|42883|3F000")
_QUOTED = re.compile(r'".*"', re.DOTALL)


class NotUtf8(psycopg.OperationalError):
    """The database keeps text in another encoding than UTF-8, so that some text would be lost."""


def is_unavailable(error: BaseException) -> bool:
    """Whether the database cannot do its work now, rather than the program be wrong: the same
    request is right, later or once the operator has acted.
    """
    if isinstance(error, sa.exc.TimeoutError):
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    state = sqlstate(error)
    if state is None:
        return isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    return _UNAVAILABLE.fullmatch(state) is not None or is_not_ours(error)


def is_not_ours(error: BaseException) -> bool:
    """Whether its role or its tables are not those that this program needs: no time mends that."""
    return _NOT_OURS.fullmatch(sqlstate(error) or "") is not None


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code; None where no server gave one."""
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def let_go_of_the_read_only(engine: sa.Engine) -> None:
    """Give connections up that take no writes, with all that are in the pool: a session of a former
    primary, or of a time with another default, stays read-only when the database no longer is.
    """

    @sa.event.listens_for(engine, "handle_error")
    def _let_go(context: Any) -> None:
        if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
            context.is_disconnect = True


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
