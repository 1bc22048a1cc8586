"""Wake a worker after the commit. The row is the job; the bell only makes it quick.

A bell that nobody hears costs nothing but time: the sweep finds the row when it is due.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from flask import current_app

from zampay.infra.redis import redis_client
from zampay.infra.telemetry import metrics

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ring:
    """A task to run soon: its registered name and its keyword arguments (plain JSON)."""

    task: str
    arguments: dict[str, Any]

    @property
    def feature(self) -> str:
        """The feature whose task it is; each has a queue of its own, so that none waits behind
        another's backlog.
        """
        return self.task.partition(".")[0]


class Bell(Protocol):
    """Whatever carries rings to workers."""

    def ring(self, ring: Ring) -> None:
        """Send one ring, or raise."""

    def waiting(self, feature: str) -> int:
        """How many rings of this feature nobody has heard yet."""


def send(rings: list[Ring]) -> None:
    """Send all; a broker that is down costs one warning and never an error."""
    try:
        for ring in rings:
            with redis_client.unless_it_hangs():
                current_app.extensions["bell"].ring(ring)
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the row is due
        metrics.BELLS_LOST.inc()
        log.warning("bell_lost", tasks=[ring.task for ring in rings], reason=type(error).__name__)
