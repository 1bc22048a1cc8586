"""How many requests one web process works on at a time, so that it can always say how it is.

When PostgreSQL hangs, every request waits. The server has more threads than are let in here; those
that remain answer probes and metrics, and refuse the rest in time (503 with Retry-After) instead of
letting callers wait without end.
"""

from collections.abc import Collection
from threading import BoundedSemaphore

from flask import Flask, Response, g, request

from zampay.infra.problems import RETRY_AFTER_S, of_status

AT_WORK = 8
WAITING = 48  # with those at work 8 below --blocking-threads of the Procfile
LONGEST_WAIT_S = 5.0


class Admission:
    """Places at work, and places to wait for one."""

    def __init__(self, *, at_work: int = AT_WORK, waiting: int = WAITING) -> None:
        self._at_work = BoundedSemaphore(at_work)
        self._inside = BoundedSemaphore(at_work + waiting)

    def enter(self) -> bool:
        """Whether the caller may begin to work; it leaves again, once, if so."""
        if not self._inside.acquire(blocking=False):
            return False
        if self._at_work.acquire(timeout=LONGEST_WAIT_S):
            return True
        self._inside.release()
        return False

    def leave(self) -> None:
        """Make room for the next one."""
        self._at_work.release()
        self._inside.release()


def init(app: Flask, *, always: Collection[str], admission: Admission | None = None) -> None:
    """Let requests in one by one; the endpoints in `always` are never kept waiting."""
    doorkeeper = admission or Admission()

    def enter() -> Response | None:
        if request.endpoint in always:
            return None
        if doorkeeper.enter():
            g.admitted = True
            return None
        return of_status(503, retry_after_s=RETRY_AFTER_S)

    def leave(_: BaseException | None) -> None:
        if g.pop("admitted", False):
            doorkeeper.leave()

    app.before_request(enter)
    app.teardown_request(leave)
