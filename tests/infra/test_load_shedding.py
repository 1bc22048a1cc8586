"""Some requests work, some wait for a moment, and the rest is refused; who leaves is forgotten."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from zampay.infra.web.load_shedding import Refusal, Slots
from zampay.kernel import clock


class BusyWeb:
    """Two places and one to wait, whose work takes until `ended` is set."""

    def __init__(self, *, longest_wait_s: float = 20) -> None:
        self.ended, self.inside = threading.Event(), threading.Semaphore(0)
        self.slots = Slots("web", at_work=2, waiting=1, longest_wait_s=longest_wait_s)

    def work(self) -> str:
        self.inside.release()
        assert self.ended.wait(20)
        return "done"

    def ask(
        self, leaving: asyncio.Event | None = None, *, whose: str | None = None
    ) -> "asyncio.Task[str | Refusal]":
        left = leaving or asyncio.Event()
        return asyncio.create_task(self.slots.run(self.work, leaving=left.wait, whose=whose))

    async def fill(self) -> "list[asyncio.Task[str | Refusal]]":
        """All who may work do."""
        asked = [self.ask(), self.ask()]
        for _ in asked:
            assert await asyncio.to_thread(self.inside.acquire, timeout=10)
        return asked


def run(requests: Callable[[BusyWeb], Coroutine[Any, Any, None]], web: BusyWeb) -> None:
    async def whole() -> None:
        try:
            await requests(web)
        finally:
            web.ended.set()

    asyncio.run(whole())


def test_whoever_waits_too_long_is_refused() -> None:
    async def requests(web: BusyWeb) -> None:
        asked = await web.fill()
        assert await web.ask() is Refusal.NO_ROOM
        web.ended.set()
        assert await asyncio.gather(*asked, web.ask()) == ["done"] * 3

    run(requests, BusyWeb(longest_wait_s=0.05))


def test_whoever_waits_gets_the_first_place_and_the_next_is_refused_at_once() -> None:
    async def requests(web: BusyWeb) -> None:
        asked = await web.fill()
        waiting = web.ask()
        await asyncio.sleep(0)
        assert await asyncio.wait_for(web.ask(), 5) is Refusal.NO_ROOM
        web.ended.set()
        assert await asyncio.gather(*asked, waiting) == ["done"] * 3

    run(requests, BusyWeb())


def test_whoever_leaves_while_waiting_is_forgotten_and_never_worked_on() -> None:
    async def requests(web: BusyWeb) -> None:
        asked = await web.fill()
        left = asyncio.Event()
        leaving = web.ask(left)
        await asyncio.sleep(0)
        left.set()
        assert await leaving is Refusal.GONE
        next_one = web.ask()
        web.ended.set()
        assert await asyncio.gather(*asked, next_one) == ["done"] * 3
        assert not web.inside.acquire(blocking=False) or not web.inside.acquire(blocking=False)

    run(requests, BusyWeb())


def test_a_request_that_is_cancelled_keeps_its_place_until_its_thread_is_free() -> None:
    async def requests(web: BusyWeb) -> None:
        asked = await web.fill()
        asked[0].cancel()
        waiting = web.ask()
        with pytest.raises(asyncio.CancelledError):
            await asked[0]
        assert not web.inside.acquire(blocking=False)
        web.ended.set()
        assert await waiting == "done"

    run(requests, BusyWeb())


def test_work_that_fails_leaves_its_place() -> None:
    def broken() -> None:
        raise RuntimeError

    async def requests(web: BusyWeb) -> None:
        for _ in range(5):
            with pytest.raises(RuntimeError):
                await web.slots.run(broken, leaving=asyncio.Event().wait)
        web.ended.set()
        assert await web.ask() == "done"

    run(requests, BusyWeb())


class Turns:
    """Eight places and eight to wait, and who works in which order."""

    def __init__(self) -> None:
        self.slots = Slots("turns", at_work=8, waiting=8)
        self.begun: list[str] = []
        self.inside, self._seen = threading.Semaphore(0), 0
        self.until: dict[str, threading.Event] = {}

    def ask(self, whose: str) -> "asyncio.Task[Refusal | None]":
        until = self.until.setdefault(whose, threading.Event())

        def work() -> None:
            self.begun.append(whose)
            self.inside.release()
            assert until.wait(20)

        return asyncio.create_task(self.slots.run(work, leaving=asyncio.Event().wait, whose=whose))

    async def until_begun(self, *whose: str) -> None:
        """Exactly these have a place, each as often as it is named."""
        for _ in range(len(whose) - self._seen):
            assert await asyncio.to_thread(self.inside.acquire, timeout=10)
        self._seen = len(whose)
        assert Counter(self.begun) == Counter(whose)

    def end(self) -> None:
        for one in self.until.values():
            one.set()


def test_one_merchant_leaves_places_for_those_who_come_later() -> None:
    async def requests() -> None:
        turns = Turns()
        try:
            asked = [turns.ask("big") for _ in range(12)]
            await turns.until_begun(*["big"] * 4)
            asked += [turns.ask("small"), turns.ask("other")]
            await turns.until_begun(*["big"] * 4, "small", "other")
        finally:
            turns.end()
        assert Refusal.NO_ROOM not in await asyncio.gather(*asked)

    asyncio.run(requests())


def test_merchants_who_wait_take_turns() -> None:
    async def requests() -> None:
        turns = Turns()
        try:
            first = [turns.ask(whose) for whose in "aaaabbcd"]
            await turns.until_begun(*"aaaabbcd")
            waiting = [turns.ask(whose) for whose in "aaaae"]
            await asyncio.sleep(0)
            turns.until["c"].set()
            await turns.until_begun(*"aaaabbcde")
        finally:
            turns.end()
        assert await asyncio.gather(*first, *waiting) == [None] * 13

    asyncio.run(requests())


def test_where_nobody_else_may_wait_the_last_of_the_many_is_refused() -> None:
    async def requests() -> None:
        turns = Turns()
        try:
            working = [turns.ask(whose) for whose in "aaaabbcd"]
            await turns.until_begun(*"aaaabbcd")
            many = [turns.ask("a") for _ in range(9)]
            await asyncio.sleep(0)
            assert await many[-1] is Refusal.NO_ROOM
            few = turns.ask("e")
            await asyncio.sleep(0)
            assert await many[-2] is Refusal.NO_ROOM
            assert not few.done()
        finally:
            turns.end()
        assert await asyncio.gather(*working, *many[:-2], few) == [None] * 16

    asyncio.run(requests())


def test_a_process_is_stuck_when_every_place_was_held_for_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 1000.0
    monkeypatch.setattr(clock, "monotonic_s", lambda: now_s)

    async def requests(web: BusyWeb) -> None:
        nonlocal now_s
        first = web.ask()
        assert await asyncio.to_thread(web.inside.acquire, timeout=10)
        now_s += 100
        assert not web.slots.stuck()  # one place is free
        second = web.ask()
        assert await asyncio.to_thread(web.inside.acquire, timeout=10)
        now_s += 59
        assert not web.slots.stuck()  # the second is not here for long
        now_s += 1
        assert web.slots.stuck()
        web.ended.set()
        assert list(await asyncio.gather(first, second)) == ["done"] * 2
        assert not web.slots.stuck()

    run(requests, BusyWeb())
