"""Who wakes an endpoint takes one step for it, and a thread of its own goes on."""

import threading

import pytest
from flask import Flask

from tests.support.merchants import Merchant
from zampay.webhooks.delivery.attempt import wake


def test_who_wakes_an_endpoint_does_not_work_off_its_backlog(
    app: Flask, merchant: Merchant, threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[int] = []
    is_over = threading.Event()

    def serve_once(*_: str) -> bool:
        rounds.append(threading.get_ident())
        if len(rounds) == 3:
            is_over.set()
        return is_over.is_set()

    monkeypatch.setattr("zampay.webhooks.delivery.attempt._serve_once", serve_once)
    with app.app_context():
        wake(tenant_id=merchant.tenant_id, endpoint_id="whe_1")
    assert is_over.wait(10)
    assert [one == threading.get_ident() for one in rounds] == [True, False, False]
