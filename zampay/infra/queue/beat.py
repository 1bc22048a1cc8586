"""Beat's schedule: by this host's monotonic clock, into a queue of its own, and never on top of
what still waits there.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import redis
import structlog
from celery.beat import ScheduleEntry, Scheduler, SchedulingError
from celery.schedules import schedule
from flask import Flask

from zampay.infra.queue.heartbeat import BEAT, Pulse
from zampay.infra.redis import redis_client
from zampay.infra.telemetry import error_text
from zampay.kernel import clock

log = structlog.get_logger()
QUEUE = "sweeps"
_START = datetime(2000, 1, 1, tzinfo=UTC)


def _now() -> datetime:
    """A time that only runs forward, whatever is done to the clock of this host."""
    return _START + timedelta(seconds=clock.monotonic_s())


def every(seconds: float) -> schedule:
    """A schedule that setting this host's clock does not disturb."""
    return schedule(timedelta(seconds=seconds), nowfun=_now)


def scheduler_class(app: Flask) -> type[Scheduler]:
    """Beat's scheduler for this application."""
    pulse = Pulse(BEAT)

    class PulsingScheduler(Scheduler):  # type: ignore[misc]
        """Beat's own schedule, kept in memory, with a sign of life as it ticks."""

        def tick(self, *args: Any, **kwargs: Any) -> Any:
            with app.app_context():
                pulse.give()
            return super().tick(*args, **kwargs)

        def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
            """Enqueue a task, unless nobody has taken those that were enqueued before: so they do
            not pile up while no worker is there, and need no deadline. A broker that takes nothing
            costs one line, and not a stack for each task of each second.
            """
            if _waiting(app) >= len(self.schedule):
                return
            try:
                self.apply_async(entry, producer=producer, advance=False)
            except SchedulingError as error:
                cause = _of_redis(error)
                reason = error_text.of_redis(cause) if cause else str(error)
                log.warning("enqueue_failed", tasks=[entry.task], reason=reason, exc_info=not cause)

    return PulsingScheduler


def _of_redis(error: BaseException | None) -> redis.RedisError | None:
    """The error of Redis from which this one came, if any."""
    while error is not None and not isinstance(error, redis.RedisError):
        error = error.__cause__ or error.__context__
    return error


def _waiting(app: Flask) -> int:
    try:
        with app.app_context():
            return int(redis_client.client().llen(QUEUE))
    except redis.RedisError:
        return 0  # enqueueing says what is wrong
