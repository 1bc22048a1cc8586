"""The real worker whose network crashes it: its process group dies at `CRASH_AT`, in a call for the
payer `CRASH_FOR`. What earlier journeys left due is served as always.

`before_submit` and `before_poll`: the lease is committed, no byte has left.
`after_poll`: the network has answered, nothing of it is written down.
"""

import os
import signal
from typing import Any

from celery_worker import celery_app, flask_app
from zampay.providers.contract import (
    Order,
    PollAnswer,
    Provider,
    Submission,
)

CRASH_AT, CRASH_FOR = os.environ["CRASH_AT"], os.environ["CRASH_FOR"]


def die_at(point: str, order: Order) -> None:
    if (point, order.msisdn) == (CRASH_AT, CRASH_FOR):
        os.killpg(0, signal.SIGKILL)


class CrashingProvider:
    """A network, with death before or after one of its calls."""

    def __init__(self, real: Provider) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def submit(self, order: Order) -> Submission:
        die_at("before_submit", order)
        return self._real.submit(order)

    def poll(self, order: Order) -> PollAnswer:
        die_at("before_poll", order)
        answer = self._real.poll(order)
        die_at("after_poll", order)
        return answer


live: dict[str, Provider] = flask_app.extensions["providers"][True]
live.update({code: CrashingProvider(provider) for code, provider in live.items()})

__all__ = ["celery_app"]
