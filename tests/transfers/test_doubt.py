"""Absence is no proof: what a callback says about a 404, and from when the grace time counts."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.fakes import HeldQueue, ScriptedNetwork, result, stored, submit
from tests.support.given import (
    UNKNOWN,
    accept,
    hear_that_it_is_unknown,
    in_state,
    look,
    never_landed,
    to_be_sent_again,
    unconfirmed,
)
from tests.support.merchants import Merchant
from tests.support.rows import discrepancies, path, seconds_until_due
from tests.transfers.test_callbacks import PAID, call
from zampay.infra.database.db import transaction
from zampay.providers.contract import Declined, InDoubt, NotSent, Order, Submission
from zampay.providers.failures import Failure, FailureCode
from zampay.transfers import states
from zampay.transfers.callbacks import MOST_KEPT
from zampay.transfers.models import Transfer
from zampay.transfers.operator_actions import Operator
from zampay.transfers.states import State
from zampay.transfers.traces import Callback

SETUP = Failure(FailureCode.PROVIDER_REJECTED, "Refused.", "INVALID_CURRENCY")
REFUSED = Declined(Failure(FailureCode.PAYER_NOT_FOUND, "No wallet.", "PAYER_NOT_FOUND"))
ANN = Operator("Ann", "the network's portal", "Ben")


@pytest.mark.parametrize("presumed", [None, SETUP])
def test_what_was_called_back_about_is_never_taken_for_lost(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    monkeypatch: pytest.MonkeyPatch,
    presumed: Failure | None,
) -> None:
    transfer = unconfirmed(app, merchant, network, presumed)
    assert call(client, transfer, {"status": "PENDING"}) == 200
    for window in (timedelta(hours=1), timedelta(0)):
        app.config["SUBMIT_WINDOW"] = window
        hear_that_it_is_unknown(app, transfer, network)
        in_state(app, transfer, State.UNCONFIRMED)
    monkeypatch.setattr(states, "REVIEW_AFTER", timedelta(0))
    hear_that_it_is_unknown(app, transfer, network)
    hear_that_it_is_unknown(app, in_state(app, transfer, State.IN_REVIEW), network)
    in_state(app, transfer, State.IN_REVIEW)
    assert len(network.submissions) == 1


def test_a_callback_that_was_too_much_to_keep_is_a_sign_too(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = unconfirmed(app, merchant, network)
    with app.app_context():
        for number in range(MOST_KEPT):
            _keep_unseen(app, transfer, str(number))
    assert stored(app, transfer.id).called_back_at is None
    call(client, transfer, b"one more")
    hear_that_it_is_unknown(app, transfer, network)
    in_state(app, transfer, State.UNCONFIRMED)


def _keep_unseen(app: Flask, transfer: Transfer, body: str) -> None:
    with transaction(transfer.tenant_id) as tx:
        tx.session.add(
            Callback(
                tenant_id=transfer.tenant_id,
                transfer_id=transfer.id,
                body_digest=body,
                body=body.encode(),
                method="PUT",
                verified=False,
                processed_at=tx.now,
            )
        )


def test_a_callback_before_the_payment_is_sent_is_no_sign(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = accept(app, merchant)
    call(client, transfer, PAID)
    network.submit_answers = [InDoubt("reset")]
    submit(app, transfer)
    hear_that_it_is_unknown(app, transfer, network)
    in_state(app, transfer, State.PENDING)
    assert stored(app, transfer.id).called_back_at is None


def test_a_callback_while_the_payment_waits_to_be_sent_again_is_followed_at_once(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = to_be_sent_again(app, merchant, network)
    task_queue.lose_all()
    assert call(client, transfer, PAID) == 200
    network.poll_answers = [result("SUCCESSFUL")]
    task_queue.run_all()
    assert path(app, transfer.id)[-3:] == ["PENDING", "UNCONFIRMED", "SUCCESSFUL"]
    assert len(network.submissions) == 1


@pytest.mark.parametrize("scene", ["in doubt", "not sent"])
def test_what_was_called_back_about_is_asked_about_instead_of_sent_also_without_the_queue(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    scene: str,
) -> None:
    if scene == "in doubt":
        transfer = to_be_sent_again(app, merchant, network)
    else:
        transfer = accept(app, merchant)
        network.submit_answers = [NotSent("too many requests (429)")]
        submit(app, transfer)
    call(client, transfer, PAID)
    task_queue.lose_all()
    network.poll_answers = [UNKNOWN]
    with app.app_context():
        app.extensions["celery"].tasks["transfers.sweep"]()
    task_queue.run_all()
    after = in_state(app, transfer, State.UNCONFIRMED)
    assert (after.in_doubt, len(network.submissions)) == (True, 1)
    answer = merchant.post(f"/payments/{transfer.id}/cancel")
    assert answer.status_code == 409


def test_what_was_called_back_about_cannot_be_cancelled(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [NotSent("too many requests (429)")]
    submit(app, transfer)
    call(client, transfer, PAID)
    in_state(app, transfer, State.PENDING)
    assert merchant.post(f"/payments/{transfer.id}/cancel").status_code == 409


@pytest.mark.parametrize("answer", [REFUSED, NotSent("reset")])
def test_a_no_to_what_was_called_back_about_is_doubt(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    answer: Submission,
) -> None:
    transfer = accept(app, merchant)

    def be_called_first(_: Order) -> Submission:
        call(client, transfer, PAID)
        return answer

    network.submit_answers = [be_called_first]
    submit(app, transfer)
    in_state(app, transfer, State.UNCONFIRMED)


def test_an_ending_that_was_concluded_is_not_confirmed_by_a_404_after_a_callback(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = never_landed(app, merchant, network)
    call(client, transfer, PAID)
    network.poll_answers = [UNKNOWN, UNKNOWN, result("SUCCESSFUL")]
    for _ in range(3):
        assert seconds_until_due(app, transfer.id) is not None
        look(app, transfer, age=states.REPOLL_AFTER)
    assert [found.kind for found in discrepancies(app, transfer.id)] == ["contrary_ending"]
