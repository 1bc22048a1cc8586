"""Where deliveries under way wait for merchants: threads of their own, so that no merchant's
server ever holds up the worker's other work, and places on them, so that few cannot take all.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import structlog
from flask import Flask

log = structlog.get_logger()
PLACES = 64
FOR_SUSPECTS = 32
PER_TENANT = 16
SUSPECTS_PER_TENANT = 12


class Lanes:
    """The places of one process. Suspects (endpoints that fail, are slow, or have not yet shown
    that they are neither) together get half of them. A tenant gets a quarter, and
    of those for suspects not half.
    """

    def __init__(self, app: Flask, executor: Executor | None = None) -> None:
        self._app = app
        self._executor = executor or ThreadPoolExecutor(PLACES, thread_name_prefix="webhook")
        self._lock = threading.Lock()
        self._tenants: Counter[str] = Counter()
        self._suspects: Counter[str] = Counter()

    @property
    def are_full(self) -> bool:
        """Whether nobody can enter."""
        return self._tenants.total() >= PLACES

    def enter(self, held: ExitStack, *, tenant_id: str, suspect: bool) -> bool:
        """Take a place, if there is one for such a delivery, until `held` ends."""
        with self._lock:
            if self.are_full or self._tenants[tenant_id] >= PER_TENANT:
                return False
            if suspect and not self._has_room_for_suspect(tenant_id):
                return False
            self._tenants[tenant_id] += 1
            self._suspects[tenant_id] += suspect
        held.callback(self._leave, tenant_id, suspect=suspect)
        return True

    def _has_room_for_suspect(self, tenant_id: str) -> bool:
        own, all_ = self._suspects[tenant_id], self._suspects.total()
        return own < SUSPECTS_PER_TENANT and all_ < FOR_SUSPECTS

    def run(self, work: Callable[[], None], held: ExitStack) -> None:
        """Do the work on a thread of its own; `held` ends with it."""
        self._executor.submit(self._run, work, held, structlog.contextvars.get_contextvars())

    def _run(self, work: Callable[[], None], held: ExitStack, bound: dict[str, str]) -> None:
        context = structlog.contextvars.bound_contextvars(**bound)
        with held, self._app.app_context(), context, _logged():
            work()

    def _leave(self, tenant_id: str, *, suspect: bool) -> None:
        with self._lock:
            self._tenants[tenant_id] -= 1
            self._suspects[tenant_id] -= suspect
            self._tenants += Counter()  # forget those who have none left
            self._suspects += Counter()


@contextmanager
def _logged() -> Iterator[None]:
    """An attempt that breaks off is due again when its lease ends; say why it did."""
    try:
        yield
    except Exception:
        log.exception("webhook_attempt_broke_off")


def init(app: Flask) -> None:
    """Give the process its places; no thread starts before the first delivery."""
    app.extensions["webhook_lanes"] = Lanes(app)
