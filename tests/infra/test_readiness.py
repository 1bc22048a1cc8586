"""Readiness: what stops work is told from what only delays it, each dependency by name, in time."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.merchants import answered
from zampay.infra.database import migrations
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.infra.health import readiness
from zampay.infra.queue import heartbeat
from zampay.infra.queue.heartbeat import BEAT, WORKER, Heartbeat, Pulse
from zampay.kernel import clock

NOWHERE = "postgresql+psycopg://zampay@127.0.0.1:9/zampay"


def answer(app: Flask) -> tuple[int, dict[str, Any]]:
    found = answered(app.test_client().get("/health/ready"))
    return found.status_code, found.json


def give_life(app: Flask, *, ago_s: float = 0) -> None:
    moment = sa.func.now() - sa.text(f"interval '{ago_s} s'")
    with app.app_context():
        for role in heartbeat.ROLES:
            Pulse(role).give()
        with transaction(EVERY_TENANT) as tx:
            tx.session.execute(sa.update(Heartbeat).values(at=moment))


def test_all_is_well(app: Flask) -> None:
    give_life(app)
    status, body = answer(app)
    assert (status, body["status"]) == (200, "ready")
    assert set(body["checks"]) == {"database", "migrations", "redis", "worker", "beat"}
    for check in body["checks"].values():
        assert check["status"] == "ok"
        assert check["says"]
        assert check["durationMs"] >= 0


def test_workers_and_beat_never_seen_only_degrade(app: Flask) -> None:
    status, body = answer(app)
    assert (status, body["status"]) == (200, "degraded")
    assert [body["checks"][role]["code"] for role in (WORKER, BEAT)] == ["never_seen"] * 2


def test_strict_readiness_fails_what_is_only_degraded(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/health/ready?strict").status_code == 503
    assert answered(client.get("/health/ready?strict")).json["status"] == "degraded"
    give_life(app)
    assert client.get("/health/ready?strict").status_code == 200


def test_a_silence_of_a_minute_is_told(app: Flask) -> None:
    give_life(app, ago_s=heartbeat.SILENT_AFTER_S + 5)
    status, body = answer(app)
    assert (status, body["status"]) == (200, "degraded")
    assert body["checks"]["worker"] == body["checks"]["worker"] | {
        "status": "degraded",
        "code": "silent",
        "says": "seen 65 s ago",
    }


def test_redis_away_degrades(another_app: Callable[..., Flask]) -> None:
    app = another_app(redis_url="redis://127.0.0.1:9/0")
    give_life(app)
    status, body = answer(app)
    assert (status, body["status"]) == (200, "degraded")
    assert body["checks"]["redis"]["code"] == "away"
    assert body["checks"]["worker"]["status"] == "ok"


def test_the_database_away_is_503_within_the_time_out(another_app: Callable[..., Flask]) -> None:
    app = another_app(database_url=NOWHERE)
    began_s = time.monotonic()
    status, body = answer(app)
    assert (status, body["status"]) == (503, "unavailable")
    assert body["checks"]["database"]["status"] == "failed"
    assert time.monotonic() - began_s < readiness.TIMEOUT_S + 1


def test_a_dependency_that_hangs_is_told_and_not_asked_twice(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    released, asked = threading.Event(), []

    def hangs() -> Any:
        asked.append(1)
        released.wait(20)
        return iter(())

    monkeypatch.setattr(readiness, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(readiness, "_database", hangs)
    readiness.init(app, writes=("transfers",))
    try:
        assert [answer(app)[0] for _ in range(3)] == [503] * 3
        assert answer(app)[1]["checks"]["database"]["code"] == "no_answer"
        assert asked == [1]
    finally:
        released.set()
        readiness.init(app, writes=("transfers",))


def test_an_older_database_is_not_ready_and_a_newer_one_is(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stamp(version: str) -> None:
        with app.app_context(), transaction(EVERY_TENANT) as tx:
            move = sa.text("UPDATE alembic_version SET version_num = :version")
            tx.session.execute(move, {"version": version})

    with app.app_context(), transaction(EVERY_TENANT) as tx:
        head = tx.session.scalar(sa.text("SELECT version_num FROM alembic_version"))
    monkeypatch.setattr(migrations, "revisions", lambda: ({"0001", head}, {head}))
    try:
        stamp("0001")
        status, body = answer(app)
        assert status == 503
        migration = body["checks"]["migrations"]
        assert migration["code"] == "behind"
        assert "0001" in migration["says"]
        assert str(head) in migration["says"]
        stamp("9999")
        status, body = answer(app)
        assert status == 200
        assert body["checks"]["migrations"]["code"] == "newer"
    finally:
        stamp(str(head))


def test_live_touches_nothing(another_app: Callable[..., Flask]) -> None:
    app = another_app(database_url=NOWHERE, redis_url="redis://127.0.0.1:9/0")
    began_s = time.monotonic()
    assert app.test_client().get("/health/live").status_code == 200
    assert time.monotonic() - began_s < 0.3


def test_a_pulse_is_given_every_ten_seconds_at_most(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments_s = iter((1000.0, 1009.0, 1010.5))
    monkeypatch.setattr(clock, "monotonic_s", lambda: next(moments_s))
    pulse = Pulse(WORKER)
    with app.app_context():
        ages = []
        for _ in range(3):
            with transaction(EVERY_TENANT) as tx:
                tx.session.execute(sa.delete(Heartbeat))
            pulse.give()
            with transaction(EVERY_TENANT) as tx:
                ages.append(tx.session.scalar(sa.select(sa.func.count()).select_from(Heartbeat)))
    assert ages == [1, 0, 1]


def test_a_pulse_does_not_raise_without_a_database(another_app: Callable[..., Flask]) -> None:
    app = another_app(database_url=NOWHERE)
    with app.app_context():
        Pulse(WORKER).give()


def test_a_tenant_does_not_see_signs_of_life(app: Flask) -> None:
    give_life(app)
    with app.app_context(), transaction("ten_00000000000000000000000000") as tx:
        assert tx.session.scalars(sa.select(Heartbeat)).all() == []


def test_emptying_redis_kills_nobody(app: Flask) -> None:
    give_life(app)
    app.extensions["redis"].flushall()
    assert answer(app)[1]["status"] == "ready"
