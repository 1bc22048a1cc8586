"""Test events wait for a merchant's server inside the request: few at once, and few to one host."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from flask import Flask

from tests.support.merchants import Merchant
from tests.support.receiver import Receiver
from tests.webhooks.given import endpoint, hang
from zampay.kernel.shares import Shares
from zampay.webhooks import test_event


def test_test_events_that_hang_leave_room_for_other_requests(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    shop: Receiver,
    second_shop: Receiver,
    let_go: threading.Event,
) -> None:
    made = endpoint(merchant, shop.url)
    hang(shop, let_go)

    def test_it() -> int:
        path = f"/api/v1/webhook-endpoints/{made['id']}/test"
        return int(app.test_client().post(path, headers=merchant.headers()).status_code)

    with ThreadPoolExecutor(1) as browsers:
        waiting = browsers.submit(test_it)
        shop.await_received(1)
        answer = merchant.post(f"/webhook-endpoints/{made['id']}/test")
        assert (answer.status_code, answer.json["code"]) == (429, "webhook_tests_under_way")
        assert answer.headers["Retry-After"] == "5"
        of_rival = endpoint(rival, second_shop.url)
        other = rival.post(f"/webhook-endpoints/{of_rival['id']}/test")
        assert (other.status_code, other.json["delivered"]) == (200, True)
        let_go.set()
        assert waiting.result() == 200


def test_test_events_of_many_merchants_leave_room_too() -> None:
    shares = Shares(at_once=test_event.AT_ONCE, per_holder=test_event.PER_TENANT)
    with ExitStack() as held:
        for number in range(test_event.AT_ONCE):
            assert held.enter_context(shares.take(f"ten_{number}"))
        assert not held.enter_context(shares.take("ten_late"))
    with shares.take("ten_late") as taken:
        assert taken


def test_a_host_gets_so_many_test_events_over_all_merchants(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    shop: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(test_event, "PER_HOST", "2/minute")
    answers = [
        asking.post(f"/webhook-endpoints/{endpoint(asking, shop.url)['id']}/test")
        for asking in (merchant, rival, merchant)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json["code"] == "too_many_webhook_tests_for_host"
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60
