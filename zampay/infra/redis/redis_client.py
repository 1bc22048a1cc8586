"""What processes share through Redis: short locks and short-lived values. All of it may vanish.

Callers say what they do without Redis; nothing here is needed for money to be right.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import redis
import structlog
from flask import Flask, current_app
from redis.exceptions import LockNotOwnedError
from redis.lock import Lock

from zampay.kernel import clock

LONGEST_WAIT_S = 1.0
REST_S = 5.0
MOST_REMEMBERED = 10_000
log = structlog.get_logger()
Given = TypeVar("Given")


class HangsLately(redis.RedisError):
    """Somebody has just waited in vain; nobody else does for a while."""


@dataclass(slots=True)
class _Rest:
    """Until when (monotonic seconds) this process leaves Redis alone."""

    until_s: float = 0.0


@dataclass(slots=True)
class _Remembered:
    """Locks of this process alone, for the time without Redis: until when each is held."""

    until_s: dict[str, float] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def lock(self, name: str, *, ttl_s: int) -> bool:
        """Whether nobody here holds it. Where there is room for no more, nobody gets any."""
        now_s = clock.monotonic_s()
        with self.guard:
            if len(self.until_s) >= MOST_REMEMBERED:
                self.until_s = {one: end for one, end in self.until_s.items() if end > now_s}
            if self.until_s.get(name, 0.0) > now_s or len(self.until_s) >= MOST_REMEMBERED:
                return False
            self.until_s[name] = now_s + ttl_s
            return True


def init(app: Flask, *, url: str) -> None:
    """Connect lazily, with short timeouts: Redis away must not make a request slow."""
    app.extensions["redis"] = redis.Redis.from_url(
        url,
        socket_connect_timeout=0.5,
        socket_timeout=LONGEST_WAIT_S,
        health_check_interval=30,
        decode_responses=True,
        encoding_errors="replace",  # what others wrote there must not raise here
    )
    app.extensions["redis_pause"] = _Rest()
    app.extensions["redis_remembered"] = _Remembered()


@contextmanager
def unless_it_hangs() -> Iterator[None]:
    """Around a use of Redis that can be left out. A Redis that refuses costs nothing, one that
    hangs costs its time-out: one request in a few seconds pays that, not each of them every time.

    Raises:
        HangsLately: it is left out.
    """
    rest: _Rest = current_app.extensions["redis_pause"]
    if clock.monotonic_s() < rest.until_s:
        raise HangsLately
    try:
        yield
    except Exception as error:
        if _is_a_time_out(error):
            rest.until_s = clock.monotonic_s() + REST_S
        raise


def _is_a_time_out(error: BaseException | None) -> bool:
    """Whether it tells of one, itself or by its cause (kombu wraps what Redis' client says)."""
    while error is not None:
        if isinstance(error, redis.TimeoutError | TimeoutError):
            return True
        error = error.__cause__
    return False


def client() -> "redis.Redis":
    """The application's Redis client."""
    found: redis.Redis = current_app.extensions["redis"]
    return found


def lock(name: str, *, ttl_s: int) -> bool:
    """Take a short lock; without Redis everybody gets it, and the database decides instead."""
    taken = _locked(name, ttl_s=ttl_s)
    return True if taken is None else taken


def lock_or_remember(name: str, *, ttl_s: int) -> bool:
    """Take a short lock; without Redis one caller in each process gets it. For what strangers may
    cause only so often, such as a line in a log.
    """
    taken = _locked(name, ttl_s=ttl_s)
    if taken is not None:
        return taken
    remembered: _Remembered = current_app.extensions["redis_remembered"]
    return remembered.lock(name, ttl_s=ttl_s)


def prolong(name: str, *, ttl_s: int) -> None:
    """Hold a lock for so long from now on; without Redis it ends when it would have."""
    tried(lambda: client().set(name, "1", ex=ttl_s))


@contextmanager
def held(name: str, *, ttl_s: int) -> Iterator[bool]:
    """Hold a short lock during the block; whether it is ours. Without Redis everybody gets it, and
    the database decides instead. What has ended meanwhile, and may be another's, is left alone.
    """
    own = client().lock(name, timeout=ttl_s, blocking=False, thread_local=False)
    taken = tried(own.acquire)
    try:
        yield taken is not False
    finally:
        if taken:
            tried(lambda: _release(own))


def _release(own: Lock) -> None:
    try:
        own.release()
    except LockNotOwnedError:
        log.info("lock_ended_before", name=own.name)


def _locked(name: str, *, ttl_s: int) -> bool | None:
    """Whether the lock is ours; None without Redis."""
    return tried(lambda: bool(client().set(name, "1", nx=True, ex=ttl_s)))


def tried(use: Callable[[], Given]) -> Given | None:
    """What a use of Redis gives; None, and a line in the log, without Redis."""
    try:
        with unless_it_hangs():
            return use()
    except redis.RedisError as error:
        log.warning("redis_away", reason=type(error).__name__)
        return None
