"""Slots of one stream: fair while it is busy, and a pause while the network does not answer."""

from collections.abc import Callable

import pytest

from zampay.kernel import clock
from zampay.transfers.concurrency import FIRST_PAUSE_S, LONGEST_PAUSE_S, TROUBLE_AFTER, Slots


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Time that only passes when it is told to."""
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic_s", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


def taken(slots: Slots, tenant_id: str, most: int = 100) -> int:
    return sum(slots.take(tenant_id) for _ in range(most))


def fails(slots: Slots, times: int) -> None:
    for _ in range(times):
        slots.note(answered=False, began_s=clock.monotonic_s())


def test_one_merchant_alone_gets_half_and_who_comes_new_finds_room() -> None:
    slots = Slots(32)
    assert taken(slots, "big") == 16
    assert [taken(slots, name) for name in ("a", "b", "c", "d")] == [8, 4, 2, 1]
    assert slots.take("e")
    assert slots.free == 0


def test_who_gives_back_makes_room_for_those_who_have_least() -> None:
    slots = Slots(4)
    assert [taken(slots, name) for name in ("big", "a", "b")] == [2, 1, 1]
    slots.give_back("big")
    assert not slots.may_take("big")
    assert slots.take("c")


def test_a_network_that_does_not_answer_is_left_alone_and_tried_by_one_call(
    passes: Callable[[float], None],
) -> None:
    slots = Slots(32)
    fails(slots, TROUBLE_AFTER - 1)
    assert slots.free == 32
    fails(slots, 1)
    assert (slots.free, slots.is_paused) == (0, True)
    passes(FIRST_PAUSE_S + 0.1)
    assert taken(slots, "one") == 1
    slots.give_back("one")
    slots.note(answered=True, began_s=clock.monotonic_s())
    assert (slots.free, slots.is_paused) == (32, False)


def test_pauses_grow_but_never_beyond_seconds(passes: Callable[[float], None]) -> None:
    slots = Slots(32)
    fails(slots, TROUBLE_AFTER)
    for pause_s in (1.0, 2.0, 4.0, 8.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S):
        passes(pause_s - 0.1)
        assert slots.free == 0
        passes(0.2)
        assert slots.free == 1
        fails(slots, 1)


def test_what_was_under_way_before_a_pause_does_not_stretch_it(
    passes: Callable[[float], None],
) -> None:
    slots = Slots(32)
    began_s = clock.monotonic_s()
    passes(1)
    fails(slots, TROUBLE_AFTER)
    for _ in range(20):
        slots.note(answered=False, began_s=began_s)
    passes(FIRST_PAUSE_S + 0.1)
    assert slots.free == 1


def test_an_answer_between_failures_starts_the_count_again() -> None:
    slots = Slots(32)
    fails(slots, TROUBLE_AFTER - 1)
    slots.note(answered=True, began_s=clock.monotonic_s())
    fails(slots, TROUBLE_AFTER - 1)
    assert slots.free == 32
