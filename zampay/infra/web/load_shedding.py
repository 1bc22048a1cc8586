"""How many requests one web process works on at a time, and how many wait for their turn.

A place is one thread. It is taken when the whole request is here and given back when the answer is
made: neither a slow sender nor a slow reader holds one. Whoever leaves while waiting is forgotten.
Of several merchants each gets its turn, and however much one asks, a new one finds room. Used from
one event loop only.
"""

import asyncio
from collections import Counter, deque
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


class Slots:
    """Threads that work, and how many may wait for one: first come, first served among those of
    one merchant, by turns between merchants. A merchant alone takes at most half of the slots;
    of whom most wait, the last is refused first. None, for whose request it is, counts for
    nobody.
    """

    def __init__(
        self, name: str, *, at_work: int, waiting: int, longest_wait_s: float = LONGEST_WAIT_S
    ) -> None:
        self._threads = ThreadPoolExecutor(at_work, thread_name_prefix=name)
        self._free = at_work
        self._waiting = waiting
        self._longest_wait_s = longest_wait_s
        self._queues: dict[str | None, deque[asyncio.Future[Refusal | None]]] = {}
        self._held: Counter[str | None] = Counter()
        self._since_s: dict[object, float] = {}

    async def run(
        self,
        work: Callable[[], Result],
        *,
        leaving: Callable[[], Awaitable[Any]],
        whose: str | None = None,
    ) -> Result | Refusal:
        """What `work` gives, done in a thread; `leaving` ends when the client has left."""
        refusal = await self._enter(leaving, whose)
        if refusal is not None:
            return refusal
        slot = object()
        self._since_s[slot] = clock.monotonic_s()
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        # The thread holds the slot, not the request: a request can be cancelled, a thread cannot.
        running.add_done_callback(lambda _: self._leave(slot, whose))
        return await asyncio.shield(running)

    def stuck(self) -> bool:
        """Whether every slot has been held for a minute: this process does no work any more."""
        now_s = clock.monotonic_s()
        youngest_s = max(self._since_s.values(), default=now_s)
        return self._free == 0 and now_s - youngest_s >= STUCK_AFTER_S

    async def _enter(
        self, leaving: Callable[[], Awaitable[Any]], whose: str | None
    ) -> Refusal | None:
        if self._may_take(whose) and whose not in self._queues:
            self._take(whose)
            return None
        if not self._has_room_to_wait(whose):
            return Refusal.NO_ROOM
        turn: asyncio.Future[Refusal | None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(whose, deque()).append(turn)
        left = asyncio.ensure_future(leaving())
        try:
            await asyncio.wait(
                {turn, left},
                timeout=self._longest_wait_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            waited = turn.result() if turn.done() else Refusal.NO_ROOM
            refusal = Refusal.GONE if left.done() else waited
        except asyncio.CancelledError:
            self._give_up(turn, whose)
            raise
        finally:
            left.cancel()
        if refusal is not None:
            self._give_up(turn, whose)
        return refusal

    def _may_take(self, whose: str | None) -> bool:
        return self._free > 0 and (whose is None or self._free > self._held[whose])

    def _take(self, whose: str | None) -> None:
        self._free -= 1
        self._held[whose] += 1

    def _has_room_to_wait(self, whose: str | None) -> bool:
        """Whether one more may wait, if need be instead of the last of whom most wait."""
        if sum(map(len, self._queues.values())) < self._waiting:
            return True
        most = max(self._queues, key=lambda one: len(self._queues[one]), default=whose)
        if len(self._queues.get(most, ())) <= len(self._queues.get(whose, ())) + 1:
            return False
        self._queues[most].pop().set_result(Refusal.NO_ROOM)
        return True

    def _give_up(self, turn: "asyncio.Future[Refusal | None]", whose: str | None) -> None:
        if not turn.done():
            self._queues[whose].remove(turn)
            if not self._queues[whose]:
                del self._queues[whose]
        elif turn.result() is None:
            self._give_back(whose)  # it came all the same, in this moment

    def _leave(self, slot: object, whose: str | None) -> None:
        del self._since_s[slot]
        self._give_back(whose)

    def _give_back(self, whose: str | None) -> None:
        self._free += 1
        self._held[whose] -= 1
        self._held += Counter()  # forget those who hold none
        while ready := [one for one in self._queues if self._may_take(one)]:
            following = ready[0]
            queue = self._queues.pop(following)
            self._take(following)
            queue.popleft().set_result(None)
            if queue:
                self._queues[following] = queue  # behind the others, for its next turn
