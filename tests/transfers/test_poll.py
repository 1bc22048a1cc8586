"""Asking: what an answer proves about a payment, and what it does not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due, result, stored, submit
from tests.support.given import (
    LONG,
    UNKNOWN,
    hear_that_it_is_unknown,
    in_state,
    look,
    processing,
    unconfirmed,
)
from tests.support.merchants import Merchant
from tests.support.rows import history
from zampay.infra.database.db import db, transaction
from zampay.providers.contract import (
    InDoubt,
    NoAnswer,
    NotFound,
    Order,
    PollAnswer,
    Throttled,
)
from zampay.providers.failures import Failure, FailureCode
from zampay.transfers import locked_rows, poll
from zampay.transfers.states import State

SETUP = Failure(FailureCode.PROVIDER_REJECTED, "Refused.", "INVALID_CURRENCY")
NOTHING_LEARNT = [
    pytest.param(NoAnswer("timeout"), id="timeout"),
    pytest.param(NoAnswer("answered 502"), id="server error or garbage"),
    pytest.param(NoAnswer("answered 404"), id="the gateway's own 404"),
    pytest.param(Throttled("waiting for a turn", retry_after_s=3), id="no turn"),
]


@pytest.mark.parametrize("answer", NOTHING_LEARNT)
@pytest.mark.parametrize("made", [unconfirmed, processing])
def test_a_poll_that_says_nothing_changes_nothing_however_old_the_send(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, made: object, answer: PollAnswer
) -> None:
    transfer = made(app, merchant, network)  # type: ignore[operator]
    network.poll_answers = [answer]
    look(app, transfer, age=LONG)
    after = stored(app, transfer.id)
    assert after.state == transfer.state
    assert after.due_at is not None
    assert after.due_at - network.polls[-1].now > timedelta(seconds=1)


def test_an_unknown_status_is_waited_for(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    network.poll_answers = [result("PENDING", provider_status="CREATED")]
    look(app, transfer, age=LONG)
    assert stored(app, transfer.id).state == State.PROCESSING
    assert history(app, transfer.id)[-1].detail == "the network says CREATED"


def test_not_known_within_the_grace_time_proves_nothing(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    network.poll_answers = [UNKNOWN]
    look(
        app,
        transfer,
        age=network.able.unknown_grace - timedelta(seconds=5),
    )
    assert stored(app, transfer.id).state == State.UNCONFIRMED


def test_the_grace_time_counts_to_the_question_and_not_to_its_slow_answer(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    make_due(app, transfer.id, age=LONG)
    with app.app_context():
        leased = poll.lease(transfer.tenant_id, transfer.id)
        assert leased is not None
        asked_at = leased.order.now - LONG + timedelta(seconds=5)
        with transaction(transfer.tenant_id) as tx:
            row = locked_rows.locked(tx, transfer.id)
            assert row is not None
            early = replace(leased, order=replace(leased.order, now=asked_at))
            poll.apply(tx, row, UNKNOWN, early)
    assert stored(app, transfer.id).state == State.UNCONFIRMED


def test_not_known_past_the_grace_time_is_sent_again_under_the_same_reference(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, task_queue: HeldQueue
) -> None:
    transfer = unconfirmed(app, merchant, network)
    task_queue.lose_all()
    network.poll_answers = [UNKNOWN]
    look(app, transfer, age=LONG)
    assert in_state(app, transfer, State.PENDING).in_doubt
    assert task_queue.tasks == ["transfers.submit"]
    task_queue.run_all()
    assert [order.reference for order in network.submissions] == [transfer.provider_reference] * 2
    assert stored(app, transfer.id).state == State.PROCESSING


def test_what_the_network_once_acknowledged_is_never_taken_for_lost(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = processing(app, merchant, network)
    network.poll_answers = [UNKNOWN]
    look(app, transfer, age=LONG)
    assert stored(app, transfer.id).state == State.PROCESSING


def test_what_the_network_reported_with_other_figures_is_never_taken_for_lost(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    network.poll_answers = [result("SUCCESSFUL", amount="99"), UNKNOWN]
    look(app, transfer)
    look(app, transfer, age=LONG)
    assert stored(app, transfer.id).state == State.IN_REVIEW


def test_a_presumed_failure_is_one_when_the_network_does_not_know_the_reference(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network, presumed=SETUP)
    network.poll_answers = [UNKNOWN, UNKNOWN]
    look(app, transfer)
    assert stored(app, transfer.id).state == State.UNCONFIRMED
    look(app, transfer, age=LONG)
    after = in_state(app, transfer, State.FAILED)
    assert after.failure is not None
    assert (after.failure["code"], after.failure["providerCode"]) == (
        "provider_rejected",
        "INVALID_CURRENCY",
    )


def test_a_presumed_failure_that_the_network_knows_as_paid_is_paid(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network, presumed=SETUP)
    network.poll_answers = [result("SUCCESSFUL")]
    look(app, transfer, age=LONG)
    assert stored(app, transfer.id).state == State.SUCCESSFUL


def test_never_landed_is_a_failure_only_when_the_time_for_sending_is_over(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    network.submit_answers = [InDoubt("reset")] * 3
    for _ in range(3):
        hear_that_it_is_unknown(app, transfer, network)
        in_state(app, transfer, State.PENDING)
        submit(app, transfer)
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    hear_that_it_is_unknown(app, transfer, network)
    after = in_state(app, transfer, State.FAILED)
    assert after.failure is not None
    assert after.failure["code"] == "provider_unavailable"
    assert "never landed" in history(app, transfer.id)[-1].detail


def test_a_network_that_would_charge_twice_is_not_sent_to_again(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    network.may(resend_is_safe=False)
    transfer = unconfirmed(app, merchant, network)
    hear_that_it_is_unknown(app, transfer, network)
    assert stored(app, transfer.id).state == State.FAILED
    assert len(network.submissions) == 1


def test_no_connection_is_held_while_the_network_is_asked(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = processing(app, merchant, network)
    held: list[int] = []

    def count(_: Order) -> PollAnswer:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return NotFound("404")

    network.poll_answers = [count]
    look(app, transfer)
    assert held == [0]
