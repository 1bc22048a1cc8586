"""How many attempts this process makes at once, and for whom.

An attempt waits for the merchant on a thread of its own, so that a slow server never delays the
worker's other work. It holds one of the slots, which are shared out so that few cannot take all.
"""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Self

import structlog
from flask import Flask, current_app

from zampay.kernel import threads

SLOTS = 64
UNPROVEN = 32
"""Slots for unproven endpoints: those that fail, are slow, or have not answered yet."""
PER_TENANT = 16
UNPROVEN_PER_TENANT = 12


class Slots:
    """The slots of one process, by tenant, and the threads on which attempts wait."""

    def __init__(self, app: Flask, executor: Executor | None = None) -> None:
        self._app = app
        self._executor = executor or ThreadPoolExecutor(SLOTS, thread_name_prefix="webhook")
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self._unproven: Counter[str] = Counter()

    @property
    def are_full(self) -> bool:
        """Whether every slot is held."""
        return self._held.total() >= SLOTS

    def take(self, tenant_id: str, *, unproven: bool) -> bool:
        """Take a slot, if there is one for this tenant and such an endpoint."""
        with self._lock:
            if self.are_full or self._held[tenant_id] >= PER_TENANT:
                return False
            own, all_ = self._unproven[tenant_id], self._unproven.total()
            if unproven and (own >= UNPROVEN_PER_TENANT or all_ >= UNPROVEN):
                return False
            self._held[tenant_id] += 1
            self._unproven[tenant_id] += unproven
            return True

    def give_back(self, tenant_id: str, *, unproven: bool) -> None:
        """Free a slot."""
        with self._lock:
            self._held[tenant_id] -= 1
            self._unproven[tenant_id] -= unproven
            self._held += Counter()  # forget the tenants that hold none
            self._unproven += Counter()

    def run(self, work: Callable[[], None]) -> None:
        """Do the work on a thread of its own.

        Raises:
            NoThread: it is not done.
        """
        bound = structlog.contextvars.get_contextvars()
        threads.submit(self._executor, lambda: self._run(work, bound))

    def _run(self, work: Callable[[], None], bound: dict[str, str]) -> None:
        with self._app.app_context(), structlog.contextvars.bound_contextvars(**bound):
            work()


class Slot:
    """One attempt's slot: `take` it and `run` the attempt, in a `with` block. The slot is given
    back when the attempt ends, or with the block when none was run.
    """

    def __init__(self, slots: Slots, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self._slots = slots
        self._is_held = self._is_unproven = self._runs = False

    def take(self, *, unproven: bool) -> bool:
        """Take the slot, if there is one for this tenant and such an endpoint."""
        self._is_held = self._slots.take(self.tenant_id, unproven=unproven)
        self._is_unproven = unproven
        return self._is_held

    def run(self, attempt: Callable[[], None]) -> None:
        """Make the attempt on a thread of its own; does not wait for its end."""

        def work() -> None:
            try:
                attempt()
            finally:
                self._give_back()

        self._slots.run(work)
        self._runs = True

    def _give_back(self) -> None:
        if self._is_held:
            self._is_held = False
            self._slots.give_back(self.tenant_id, unproven=self._is_unproven)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._runs:
            self._give_back()


def init(app: Flask) -> None:
    """Give the process its slots; no thread starts before the first attempt."""
    app.extensions["webhook_slots"] = Slots(app)


def slots() -> Slots:
    """The current application's."""
    found: Slots = current_app.extensions["webhook_slots"]
    return found
