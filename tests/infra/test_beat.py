"""Beat: sweeps reach a worker whatever the clocks of their hosts say, and never pile up."""

import json
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
import redis
from celery.beat import Scheduler
from celery.worker import request as worker_request
from flask import Flask

from zampay.infra.health import clock_skew, health_connection
from zampay.infra.queue import beat
from zampay.infra.redis.redis_client import client
from zampay.kernel import clock

REGULAR = {
    "transfers.sweep",
    "transfers.log_heads",
    "webhooks.sweep",
    "webhooks.purge",
    "networks.tend",
}


@pytest.fixture
def scheduler(app: Flask) -> Scheduler:
    celery = app.extensions["celery"]
    made: Scheduler = celery.conf.beat_scheduler(app=celery)
    assert {name for name in made.schedule if not name.startswith("celery.")} == REGULAR
    return made


def tick_all(scheduler: Scheduler) -> None:
    """Let beat enqueue whatever it would enqueue now."""
    for entry in scheduler.schedule.values():
        scheduler.apply_entry(entry)


def test_what_beat_enqueues_says_nothing_of_when_it_is_good(
    app: Flask, scheduler: Scheduler
) -> None:
    tick_all(scheduler)
    with app.app_context():
        found = [json.loads(text) for text in client().lrange(beat.QUEUE, 0, -1)]
    assert len(found) == len(scheduler.schedule)
    for message in found:
        assert (message["headers"]["expires"], message["headers"]["eta"]) == (None, None)


@pytest.mark.parametrize("ahead_s", [-600, -8, 8, 600])
def test_a_worker_whose_clock_differs_from_beats_takes_it(
    app: Flask, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, ahead_s: int
) -> None:
    """Celery's worker would drop it without a word at a level that anybody logs."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz or UTC) + timedelta(seconds=ahead_s)

    tick_all(scheduler)
    monkeypatch.setattr(worker_request, "datetime", Shifted)
    celery = app.extensions["celery"]
    with celery.connection_for_read() as connection:
        queue = connection.SimpleQueue(beat.QUEUE)
        for _ in scheduler.schedule:
            message = queue.get(timeout=5)
            taken = worker_request.Request(
                message, app=celery, task=celery.tasks["transfers.sweep"]
            )
            assert not taken.maybe_expire()
            assert not taken.revoked()


def test_sweeps_that_nobody_takes_do_not_pile_up(app: Flask, scheduler: Scheduler) -> None:
    for _ in range(5):
        tick_all(scheduler)
    with app.app_context():
        assert client().llen(beat.QUEUE) == len(scheduler.schedule)


def test_a_broker_that_takes_nothing_costs_a_line_for_each_task(
    scheduler: Scheduler, redis_server: "redis.Redis", caplog: pytest.LogCaptureFixture
) -> None:
    redis_server.execute_command("REPLICAOF", "127.0.0.1", "1")  # type: ignore[no-untyped-call]
    try:
        tick_all(scheduler)
    finally:
        redis_server.execute_command("REPLICAOF", "NO", "ONE")  # type: ignore[no-untyped-call]
    said: list[Any] = [record.msg for record in caplog.records]
    assert [one["tasks"] for one in said] == [[name] for name in scheduler.schedule]
    assert {one["reason"] for one in said} == {"read-only replica (READONLY)"}
    assert {one["exc_info"] for one in said} == {False}


def test_a_defect_of_beat_shows_its_stack(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise LookupError("ours")

    monkeypatch.setattr(scheduler.app.tasks["transfers.sweep"], "apply_async", breaks)
    tick_all(scheduler)
    said: list[Any] = [record.msg for record in caplog.records]
    assert [(one["tasks"], one["exc_info"]) for one in said] == [(["transfers.sweep"], True)]
    assert said[0]["reason"].endswith("ours")


@pytest.mark.parametrize("jump_s", [-600, 600])
def test_beat_goes_on_when_the_clock_of_its_host_is_set(
    monkeypatch: pytest.MonkeyPatch, jump_s: int
) -> None:
    now_s = [1000.0]
    monkeypatch.setattr(clock, "monotonic_s", lambda: now_s[0])
    every = beat.every(1)
    last = every.now()
    real = clock.utcnow()
    monkeypatch.setattr(clock, "utcnow", lambda: real + timedelta(seconds=jump_s))
    assert not every.is_due(last).is_due
    now_s[0] += 1.1
    assert every.is_due(last).is_due


@pytest.mark.parametrize("ahead_s", [-600, 600])
def test_the_skew_between_this_host_and_the_database_is_measured(
    app: Flask, monkeypatch: pytest.MonkeyPatch, ahead_s: int
) -> None:
    real = clock.utcnow
    with app.app_context(), health_connection.connection() as link:
        assert clock_skew.seconds(link) == pytest.approx(0, abs=2)
        monkeypatch.setattr(clock, "utcnow", lambda: real() + timedelta(seconds=ahead_s))
        assert clock_skew.seconds(link) == pytest.approx(ahead_s, abs=2)
