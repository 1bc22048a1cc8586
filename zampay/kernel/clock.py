"""The only use of the system clock.

Money decisions use the database's time (`zampay.infra.database.db`); this clock serves what
concerns one process alone: deadlines of a call, the age of a cached token, the time part of an id.
"""

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utcnow() -> datetime:
    """The time of this host, aware, in UTC."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Seconds that never run backwards, for measuring durations within one process."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait; here so that waiting, too, is in one place."""
    time.sleep(seconds)


def rfc3339(moment: datetime) -> str:
    """`2026-01-31T12:00:00.000Z`: RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
