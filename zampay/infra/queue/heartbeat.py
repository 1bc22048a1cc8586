"""When a worker last ran a task, and when beat last ticked: a row each, in the database's time.

In the database rather than in Redis, so that emptying Redis does not look like the death of all.
"""

import threading
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from zampay.infra.database.db import NO_TENANT, Model, transaction
from zampay.kernel import clock

log = structlog.get_logger()
WORKER, BEAT = "worker", "beat"
ROLES = (WORKER, BEAT)
EVERY_S = 10.0
SILENT_AFTER_S = 60.0
AGES = sa.text("SELECT role, extract(epoch FROM now() - at) AS age_s FROM heartbeats")


class Heartbeat(Model):
    """The last sign of life of any process in this role."""

    __tablename__ = "heartbeats"

    role: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    at: Mapped[datetime]


class Pulse:
    """One process's sign of life, given at most every ten seconds, however often it is asked."""

    def __init__(self, role: str) -> None:
        self._role = role
        self._lock = threading.Lock()
        self._next_s = 0.0

    def give(self) -> None:
        """Write the row if it is time; a database that is away costs a warning and no more."""
        with self._lock:
            now_s = clock.monotonic_s()
            if now_s < self._next_s:
                return
            self._next_s = now_s + EVERY_S
        row = insert(Heartbeat).values(role=self._role, at=sa.func.now())
        newer = row.on_conflict_do_update(index_elements=["role"], set_={"at": sa.func.now()})
        try:
            with transaction(NO_TENANT) as tx:
                tx.session.execute(newer)
        except sa.exc.SQLAlchemyError as error:
            log.warning("heartbeat_lost", role=self._role, reason=type(error).__name__)
