"""How many attempts this process makes at once, and for whom.

An attempt waits for the merchant on a thread of its own, so that a slow server never delays the
worker's other work. It holds one of the slots, which are shared out so that few cannot take all.
"""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Self, TypeVar

import structlog
from flask import Flask, current_app

from zampay.kernel import threads

Result = TypeVar("Result")
SLOTS = 64
SERVING = 16
"""Threads beside those of attempts, which lease and record while every attempt waits."""
UNPROVEN = 32
"""Slots for unproven endpoints: those that fail, are slow, or have not answered yet."""
PER_TENANT = 16
UNPROVEN_PER_TENANT = 12


class Slots:
    """The slots of one process, by tenant, and the threads on which attempts wait."""

    def __init__(self, app: Flask, executor: Executor | None = None) -> None:
        self._app = app
        self._executor = executor or ThreadPoolExecutor(
            SLOTS + SERVING, thread_name_prefix="webhook"
        )
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self._unproven: Counter[str] = Counter()
        self._waiting: dict[str, tuple[str, bool]] = {}
        self._ending = False

    def stop(self) -> None:
        """Give no slot any more; what is under way is finished."""
        self._ending = True

    def close(self) -> None:
        """Stop, and wait for what is under way."""
        self.stop()
        self._executor.shutdown()

    def may_take(self, tenant_id: str) -> bool:
        """Whether there is a slot for this tenant, if its endpoint has answered quickly."""
        with self._lock:
            return self._free(tenant_id, unproven=False) > 0

    def take(self, tenant_id: str, most: int = 1, *, unproven: bool) -> int:
        """Take slots, as many as there are for this tenant and such an endpoint; how many."""
        with self._lock:
            taken = max(min(most, self._free(tenant_id, unproven=unproven)), 0)
            self._held[tenant_id] += taken
            self._unproven[tenant_id] += taken * unproven
            return taken

    def _free(self, tenant_id: str, *, unproven: bool) -> int:
        free = min(SLOTS - self._held.total(), PER_TENANT - self._held[tenant_id])
        if unproven:
            own, all_ = self._unproven[tenant_id], self._unproven.total()
            free = min(free, UNPROVEN_PER_TENANT - own, UNPROVEN - all_)
        return 0 if self._ending else free

    def wait(self, endpoint_id: str, tenant_id: str, *, unproven: bool = False) -> None:
        """There was no slot for this endpoint: it gets one before those who came later."""
        with self._lock:
            self._waiting.setdefault(endpoint_id, (tenant_id, unproven))

    def next_waiting(self) -> tuple[str, str] | None:
        """The endpoint that waits longest of those that can have a slot now, and its tenant; it
        waits no more.
        """
        with self._lock:
            for endpoint_id, (tenant_id, unproven) in self._waiting.items():
                if self._free(tenant_id, unproven=unproven) > 0:
                    del self._waiting[endpoint_id]
                    return endpoint_id, tenant_id
        return None

    def give_back(self, tenant_id: str, count: int = 1, *, unproven: bool) -> None:
        """Free slots."""
        with self._lock:
            self._held[tenant_id] -= count
            self._unproven[tenant_id] -= count * unproven
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


class Held:
    """Slots for attempts of one tenant: `take` them and `run` the attempts, in a `with` block. A
    slot is given back when its attempt ends, or with the block when none was run.
    """

    def __init__(self, slots: Slots, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self._slots = slots
        self._count = 0
        self._is_unproven = False

    def take(self, most: int = 1, *, unproven: bool) -> int:
        """Take slots, as many as there are for such an endpoint; how many. Not twice."""
        assert not self._count, "they are taken at once"
        self._count = self._slots.take(self.tenant_id, most, unproven=unproven)
        self._is_unproven = unproven
        return self._count

    def wait(self, endpoint_id: str) -> None:
        """There was none of those that were to be taken: the endpoint waits for one."""
        self._slots.wait(endpoint_id, self.tenant_id, unproven=self._is_unproven)

    def run(self, attempt: Callable[[], Result], then: Callable[[Result | None], None]) -> None:
        """Make an attempt on a thread of its own, in one of the slots, `then` go on there without
        it; does not wait for the end.

        Raises:
            NoThread: it is not made.
        """
        assert self._count, "each attempt has a slot"

        def work() -> None:
            result = None
            try:
                result = attempt()
            finally:
                self._slots.give_back(self.tenant_id, unproven=self._is_unproven)
                then(result)

        self._count -= 1
        try:
            self._slots.run(work)
        except threads.NoThread:
            self._count += 1
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._slots.give_back(self.tenant_id, self._count, unproven=self._is_unproven)


def init(app: Flask) -> None:
    """Give the process its slots; no thread starts before the first attempt."""
    app.extensions["webhook_slots"] = Slots(app)


def slots() -> Slots:
    """The current application's."""
    found: Slots = current_app.extensions["webhook_slots"]
    return found
