"""How long we wait for PostgreSQL. A server that hangs answers nothing, and its own time-outs
(statement_timeout) hang with it: so the client counts, too, and gives the connection up.
"""

from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

from zampay.infra.database import database_errors, stored_text

Answer = TypeVar("Answer")
_INTERVAL_S = 0.1  # psycopg's own


class Connection(psycopg.Connection[Any]):
    """Waits so long for each answer and no longer; None waits for ever."""

    longest_wait_s: float | None = None

    def wait(
        self, gen: PQGen[Answer], interval: float = _INTERVAL_S, timeout: float | None = None
    ) -> Answer:
        """What psycopg calls for everything that it asks the server once it is connected.

        Raises:
            psycopg.OperationalError: no answer in time. What came of the statement is unknown; the
                connection is closed, so that the pool lets go of it.
        """
        try:
            return super().wait(gen, interval, self.longest_wait_s if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.info.transaction_status is TransactionStatus.ACTIVE:
                self.close()
            raise


def bound(engine: sa.Engine, *, longest_wait_s: float) -> None:
    """Let the connections of this engine wait so long, and send only text that can be kept; to be
    called before the first is made.
    """

    @sa.event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, arguments: Any, named: Any) -> Connection:
        made = Connection.connect(*arguments, **{**named, "client_encoding": "utf8"})
        made.longest_wait_s = longest_wait_s
        _refuse_other_encodings(made)
        stored_text.guard(made)
        return made


def _refuse_other_encodings(made: Connection) -> None:
    """Before SQLAlchemy reads its first text, which would not be one.

    Raises:
        NotUtf8.
    """
    encoding = made.info.parameter_status("server_encoding")
    if encoding not in {None, "UTF8"}:
        made.close()
        raise database_errors.NotUtf8(f"the database's encoding is {encoding}, not UTF8")


def extend(link: sa.Connection, *, longest_wait_s: float | None) -> None:
    """Let this one wait so long instead, until it is closed."""
    driver = link.connection.driver_connection
    assert isinstance(driver, Connection)
    driver.longest_wait_s = longest_wait_s
