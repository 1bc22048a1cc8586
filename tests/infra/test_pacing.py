"""Pacing: never more than so many a second, over all threads, in Redis's own time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.infra.absent import redis_away
from zampay.infra.http import pacing
from zampay.infra.redis import redis_client
from zampay.kernel import clock

PER_SECOND = 100.0


def turns(app: Flask, count: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that so many threads at once are given; nobody really sleeps."""
    slept: list[float] = []
    monkeypatch.setattr(clock, "sleep", slept.append)

    def take(_: int) -> None:
        with app.app_context():
            assert pacing.wait_for_turn("test", per_second=PER_SECOND) is None

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(take, range(count)))
    return slept


def test_threads_at_once_get_slots_one_after_the_other(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    started_s = clock.monotonic_s()
    with app.app_context():
        first = redis_client.client().time()
    waits = turns(app, 60, monkeypatch)
    took_s = clock.monotonic_s() - started_s
    with app.app_context():
        last_slot_us = float(redis_client.client().get("pacing:test") or 0)
    given_s = last_slot_us / 1e6 - (first[0] + first[1] / 1e6)
    assert given_s >= 60 / PER_SECOND, "60 slots take up at least 60 hundredths"
    assert sum(1 for wait in waits if wait < 1 / PER_SECOND) <= 1 + took_s * PER_SECOND


def test_sixty_calls_at_fifty_a_second_take_more_than_a_second(app: Flask) -> None:
    started_s = clock.monotonic_s()

    def take(_: int) -> None:
        with app.app_context():
            while pacing.wait_for_turn("test", per_second=50) is not None:
                pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, range(60)))
    assert clock.monotonic_s() - started_s >= 59 / 50


def test_twenty_names_do_twenty_times_as_much(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty wallets, each capped: together they may do twenty times as much as one."""
    slept_s: list[float] = []
    monkeypatch.setattr(clock, "sleep", slept_s.append)
    with app.app_context():
        for wallet in [str(number) for number in range(20)] * 5:
            assert pacing.wait_for_turn(f"wallet:{wallet}", per_second=10) is None
    assert max(slept_s) <= 4 / 10


def test_a_slot_too_far_away_is_refused_and_not_taken(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "sleep", lambda _: None)
    with app.app_context():
        answers = [pacing.wait_for_turn("slow", per_second=0.4) for _ in range(4)]
    assert answers[0] is None
    assert all(answer is not None and 1 < answer <= 2.5 for answer in answers[1:])


def test_each_name_has_a_pace_of_its_own(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "sleep", lambda _: None)
    with app.app_context():
        assert pacing.wait_for_turn("one", per_second=0.1) is None
        assert pacing.wait_for_turn("other", per_second=0.1) is None
        assert pacing.wait_for_turn("one", per_second=0.1) is not None


def test_without_redis_nobody_gets_a_turn(app: Flask) -> None:
    with app.app_context(), redis_away(app):
        assert pacing.wait_for_turn("test", per_second=10) == 5


def test_a_queue_that_has_emptied_starts_afresh(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(clock, "sleep", waited.append)
    with app.app_context():
        redis_client.client().set("pacing:old", "1000")
        pacing.wait_for_turn("old", per_second=1)
    assert waited == [0.0]


def test_a_slot_left_by_a_redis_whose_clock_ran_ahead_counts_for_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replica whose clock is ten minutes behind takes over."""
    waited: list[float] = []
    monkeypatch.setattr(clock, "sleep", waited.append)
    with app.app_context():
        seconds = redis_client.client().time()[0]
        redis_client.client().set("pacing:failed-over", str((seconds + 600) * 1_000_000))
        assert pacing.wait_for_turn("failed-over", per_second=10) is None
        assert pacing.wait_for_turn("failed-over", per_second=10) is None
    assert waited[0] == 0.0
    assert 0 < waited[1] <= 0.1


@pytest.mark.parametrize(
    "kept", ["nan", "-nan", "inf", "-inf", "1e400", "", "x", "0x7f", "9" * 400]
)
def test_a_slot_that_is_none_counts_for_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(clock, "sleep", waited.append)
    with app.app_context():
        redis_client.client().set("pacing:odd", kept)
        assert [pacing.wait_for_turn("odd", per_second=10) for _ in range(2)] == [None, None]
    assert waited[0] == 0.0
    assert 0 < waited[1] <= 0.1


def test_a_key_of_another_kind_counts_for_nothing_too(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "sleep", lambda _: None)
    with app.app_context():
        redis_client.client().rpush("pacing:list", "x")
        assert [pacing.wait_for_turn("list", per_second=10) for _ in range(2)] == [None, None]
