"""What this process does for which endpoint: one thread at a time serves it, with a transaction for
all that has come since the last one.
"""

import threading
from collections import defaultdict
from dataclasses import dataclass, field

from flask import Flask, current_app

from zampay.webhooks.delivery.lease import Lease
from zampay.webhooks.delivery.sending import Answer


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to an attempt."""

    lease: Lease
    answer: Answer


@dataclass(slots=True)
class _Endpoint:
    is_served: bool = False
    is_woken: bool = False
    """Whether something may have become due since the last transaction began."""
    has_no_room: bool = False
    under_way: int = 0
    answered: list[Answered] = field(default_factory=list)


class Serving:
    """The endpoints at which this process has attempts under way, or which it serves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._endpoints: defaultdict[str, _Endpoint] = defaultdict(_Endpoint)

    def wake(self, endpoint_id: str) -> bool:
        """Something may have become due: whether the caller is to serve the endpoint. If it has no
        room, the end of an attempt here takes the next.
        """
        with self._lock:
            one = self._endpoints[endpoint_id]
            one.is_woken = True
            return self._is_taken(endpoint_id)

    def begin_attempt(self, endpoint_id: str) -> None:
        """One more attempt is under way."""
        with self._lock:
            self._endpoints[endpoint_id].under_way += 1

    def end_attempt(self, endpoint_id: str, answered: Answered | None) -> bool:
        """It ended, perhaps without an answer: whether the caller is to serve the endpoint."""
        with self._lock:
            one = self._endpoints[endpoint_id]
            one.under_way -= 1
            one.is_woken = True
            one.has_no_room = False
            if answered is not None:
                one.answered.append(answered)
            return self._is_taken(endpoint_id)

    def take_answered(self, endpoint_id: str) -> list[Answered]:
        """What the next transaction is to record."""
        with self._lock:
            one = self._endpoints[endpoint_id]
            taken, one.answered, one.is_woken = one.answered, [], False
            return taken

    def note_room(self, endpoint_id: str, *, has_room: bool) -> None:
        """Whether the endpoint can have more attempts than are leased now."""
        with self._lock:
            self._endpoints[endpoint_id].has_no_room = not has_room

    def is_done(self, endpoint_id: str, *, failed: bool) -> bool:
        """Whether nothing is left for the caller, who then leaves the endpoint to who comes next.
        After a transaction that failed only answers are left.
        """
        with self._lock:
            one = self._endpoints[endpoint_id]
            one.is_served = False
            one.is_woken &= not failed
            return not self._is_taken(endpoint_id)

    def _is_taken(self, endpoint_id: str) -> bool:
        """Give the endpoint to the caller, if there is something to do and nobody does it."""
        one = self._endpoints[endpoint_id]
        is_full = one.has_no_room and one.under_way > 0
        if one.is_served or not (one.answered or (one.is_woken and not is_full)):
            if not (one.is_served or one.under_way):
                del self._endpoints[endpoint_id]
            return False
        one.is_served = True
        return True


def init(app: Flask) -> None:
    """Nothing is under way yet."""
    app.extensions["webhook_serving"] = Serving()


def serving() -> Serving:
    """The current application's."""
    found: Serving = current_app.extensions["webhook_serving"]
    return found
