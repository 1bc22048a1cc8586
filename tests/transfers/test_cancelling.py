"""Cancelling: only what nobody has sent, once, and never beside a charge."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due, stored, submit
from tests.support.given import accept, ended, processing, to_be_sent_again, unconfirmed
from tests.support.merchants import Merchant
from tests.support.rows import events, path
from zampay.providers.contract import NotSent
from zampay.transfers import transitions
from zampay.transfers.states import State


def test_a_payment_not_yet_sent_can_be_cancelled_and_is_then_never_sent(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    answer = merchant.post(f"/payments/{transfer.id}/cancel")
    assert (answer.status_code, answer.json["status"]) == (200, "FAILED")
    assert answer.json["failure"]["code"] == "cancelled"
    make_due(app, transfer.id)
    task_queue.run_all()
    submit(app, transfer)
    assert network.submissions == []


def test_to_cancel_twice_is_to_cancel_once(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    answers = [merchant.post(f"/payments/{transfer.id}/cancel") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert path(app, transfer.id) == ["PENDING", "FAILED"]
    assert len(events(app, transfer.id)) == 1


def test_a_payment_that_could_not_be_sent_so_far_can_be_cancelled(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [NotSent("down")]
    submit(app, transfer)
    assert merchant.post(f"/payments/{transfer.id}/cancel").status_code == 200


@pytest.mark.parametrize("made", [processing, unconfirmed, to_be_sent_again])
def test_what_may_be_with_the_network_cannot_be_cancelled(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, made: object
) -> None:
    transfer = made(app, merchant, network)  # type: ignore[operator]
    answer = merchant.post(f"/payments/{transfer.id}/cancel")
    assert (answer.status_code, answer.json["code"]) == (409, "not_cancellable")
    assert stored(app, transfer.id).position == transfer.position


@pytest.mark.parametrize("status", ["SUCCESSFUL", "FAILED"])
def test_what_has_ended_otherwise_cannot_be_cancelled(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, status: str
) -> None:
    transfer = ended(app, merchant, network, status)
    assert merchant.post(f"/payments/{transfer.id}/cancel").status_code == 409


def test_a_send_that_comes_while_a_cancel_is_under_way_sends_nothing(
    app: Flask,
    merchant: Merchant,
    network: ScriptedNetwork,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transfer = accept(app, merchant)
    move = transitions.transition

    def move_late(*row: Any, **how: Any) -> None:
        submit(app, transfer)
        move(*row, **how)

    monkeypatch.setattr(transitions, "transition", move_late)
    answer = merchant.post(f"/payments/{transfer.id}/cancel")
    assert (answer.status_code, network.submissions) == (200, [])
    assert path(app, transfer.id) == ["PENDING", "FAILED"]


def test_of_a_cancel_and_a_send_at_once_exactly_one_wins(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    for _ in range(12):
        transfer = accept(app, merchant)
        sent_before, start = len(network.submissions), threading.Barrier(2)

        def cancel() -> int:
            start.wait()  # noqa: B023 - used within the turn
            url = f"/api/v1/payments/{transfer.id}/cancel"  # noqa: B023
            return app.test_client().post(url, headers=merchant.headers()).status_code

        with ThreadPoolExecutor(1) as pool:
            cancelling = pool.submit(cancel)
            start.wait()
            submit(app, transfer)
            status = cancelling.result()
        assert status in {200, 409}
        cancelled = status == 200
        make_due(app, transfer.id)
        submit(app, transfer)
        sent = len(network.submissions) - sent_before
        assert (cancelled, sent) in {(True, 0), (False, 1)}
        assert (stored(app, transfer.id).state == State.FAILED) is cancelled
