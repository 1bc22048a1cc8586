"""How many requests one web process works on at a time, and how many wait for their turn.

A place is one thread. It is taken when the whole request is here and given back when the answer is
made: neither a slow sender nor a slow reader holds one. Whoever leaves while waiting is forgotten.
Used from one event loop only.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from typing import Any, TypeVar

from zampay.kernel import clock

Result = TypeVar("Result")
LONGEST_WAIT_S = 5.0
STUCK_AFTER_S = 60.0
STUCK = "zampay.stuck"
"""In a request's WSGI environment: whether every place of this process was held for a minute."""


class Refusal(Enum):
    """Why nothing was done."""

    NO_ROOM = auto()
    GONE = auto()


class Places:
    """Threads that work, and how many may wait for one; first come, first served."""

    def __init__(
        self, name: str, *, at_work: int, waiting: int, longest_wait_s: float = LONGEST_WAIT_S
    ) -> None:
        self._threads = ThreadPoolExecutor(at_work, thread_name_prefix=name)
        self._free = at_work
        self._waiting = waiting
        self._longest_wait_s = longest_wait_s
        self._queue: deque[asyncio.Future[None]] = deque()
        self._since_s: dict[object, float] = {}

    async def run(
        self, work: Callable[[], Result], *, leaving: Callable[[], Awaitable[Any]]
    ) -> Result | Refusal:
        """What `work` gives, done in a thread; `leaving` ends when the client has left."""
        refusal = await self._enter(leaving)
        if refusal is not None:
            return refusal
        place = object()
        self._since_s[place] = clock.monotonic_s()
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        # The thread holds the place, not the request: a request can be cancelled, a thread cannot.
        running.add_done_callback(lambda _: self._leave(place))
        return await asyncio.shield(running)

    def stuck(self) -> bool:
        """Whether every place has been held for a minute: this process does no work any more."""
        now_s = clock.monotonic_s()
        youngest_s = max(self._since_s.values(), default=now_s)
        return self._free == 0 and now_s - youngest_s >= STUCK_AFTER_S

    async def _enter(self, leaving: Callable[[], Awaitable[Any]]) -> Refusal | None:
        if self._free:
            self._free -= 1
            return None
        if len(self._queue) >= self._waiting:
            return Refusal.NO_ROOM
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        left = asyncio.ensure_future(leaving())
        try:
            await asyncio.wait(
                {turn, left},
                timeout=self._longest_wait_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            refusal = Refusal.GONE if left.done() else None if turn.done() else Refusal.NO_ROOM
        except asyncio.CancelledError:
            self._give_up(turn)
            raise
        finally:
            left.cancel()
        if refusal is not None:
            self._give_up(turn)
        return refusal

    def _give_up(self, turn: "asyncio.Future[None]") -> None:
        if turn.done():
            self._hand_on()  # it came all the same, in this moment
        else:
            self._queue.remove(turn)

    def _leave(self, place: object) -> None:
        del self._since_s[place]
        self._hand_on()

    def _hand_on(self) -> None:
        if self._queue:
            self._queue.popleft().set_result(None)
        else:
            self._free += 1
