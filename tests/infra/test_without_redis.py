"""Redis away: payments are taken as quickly as ever, and limits hold within each process."""

import itertools
import socket
import time
from collections.abc import Iterator

import pytest
import redis
from flask import Flask

from dev.environment import free_port
from tests.infra.absent import redis_away
from tests.infra.conftest import MakeApp
from tests.support.merchants import Merchant
from tests.support.tables import row_counts
from zampay.infra.redis import redis_client
from zampay.kernel import clock

LONGEST_S = 1.0
"""Kombu's own wait before it gives up on a broker is two seconds a message."""


@pytest.fixture
def asking(another_app: MakeApp, merchant: Merchant) -> Merchant:
    """A merchant at an application whose Redis is nowhere: no counts, no locks, no broker."""
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    app = another_app(redis_url=nowhere, limit_per_key="4/minute")
    return Merchant(app.test_client(), merchant.tenant_id, merchant.test_key, merchant.live_key)


def test_requests_go_on_being_served_and_counted(asking: Merchant) -> None:
    answers = [asking.get("/payments") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert answers[0].headers["RateLimit-Remaining"] == "3"
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_payments_are_kept_and_nobody_waits_for_the_broker(app: Flask, asking: Merchant) -> None:
    before_s = time.monotonic()
    answers = [asking.pay(live=False) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert time.monotonic() - before_s < LONGEST_S
    assert row_counts(app)["transfers"] == 3


@pytest.fixture
def hanging(another_app: MakeApp, merchant: Merchant) -> Iterator[Merchant]:
    """A merchant at an application whose Redis takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        app = another_app(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        yield Merchant(app.test_client(), merchant.tenant_id, merchant.test_key, merchant.live_key)


def test_a_redis_that_hangs_is_waited_for_once_and_then_left_alone(
    app: Flask, hanging: Merchant
) -> None:
    before_s = time.monotonic()
    assert hanging.pay(live=False).status_code == 202
    assert time.monotonic() - before_s < 5, "the limits wait twice, the message once"
    before_s = time.monotonic()
    answers = [hanging.pay(live=False) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert time.monotonic() - before_s < 2.5, "the limits look for it once more, no message does"
    assert row_counts(app)["transfers"] == 4


def test_a_redis_that_refuses_is_asked_again_at_once_however_long_that_took(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds_s = itertools.count(1_000)
    monkeypatch.setattr(clock, "monotonic_s", lambda: float(next(seconds_s)))

    def ask() -> None:
        with redis_client.unless_it_hangs():
            redis_client.client().ping()

    with app.app_context(), redis_away(app):
        for _ in range(2):
            with pytest.raises(redis.ConnectionError):
                ask()
