"""Absence is no proof: what a callback says about a 404, and from when the grace time counts."""

from datetime import timedelta

import pytest
from flask import Flask

from tests.support.engine import PAID, Engine
from tests.support.fakes import result
from tests.support.given import (
    UNKNOWN,
    never_landed,
    to_be_sent_again,
    unconfirmed,
)
from tests.support.rows import discrepancies, path
from zampay.infra.database.db import transaction
from zampay.providers.contract import Declined, InDoubt, NotSent, Submission
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
    engine: Engine, monkeypatch: pytest.MonkeyPatch, presumed: Failure | None
) -> None:
    transfer = engine.given(unconfirmed, presumed)
    assert engine.call(transfer, {"status": "PENDING"}) == 200
    for window in (timedelta(hours=1), timedelta(0)):
        engine.app.config["SUBMIT_WINDOW"] = window
        engine.hear_that_it_is_unknown(transfer)
        engine.in_state(transfer, State.UNCONFIRMED)
    monkeypatch.setattr(states, "REVIEW_AFTER", timedelta(0))
    engine.hear_that_it_is_unknown(transfer)
    engine.hear_that_it_is_unknown(engine.in_state(transfer, State.IN_REVIEW))
    engine.in_state(transfer, State.IN_REVIEW)
    assert len(engine.network.submissions) == 1


def test_a_callback_that_was_too_much_to_keep_is_a_sign_too(engine: Engine) -> None:
    transfer = engine.given(unconfirmed)
    with engine.app.app_context():
        for number in range(MOST_KEPT):
            _keep_unseen(engine.app, transfer, str(number))
    assert engine.stored(transfer).called_back_at is None
    engine.call(transfer, b"one more")
    engine.hear_that_it_is_unknown(transfer)
    engine.in_state(transfer, State.UNCONFIRMED)


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


def test_a_callback_before_the_payment_is_sent_is_no_sign(engine: Engine) -> None:
    transfer = engine.accept()
    engine.call(transfer, PAID)
    engine.network.submit_answers = [InDoubt("reset")]
    engine.submit(transfer)
    engine.hear_that_it_is_unknown(transfer)
    engine.in_state(transfer, State.PENDING)
    assert engine.stored(transfer).called_back_at is None


def test_a_callback_while_the_payment_waits_to_be_sent_again_is_followed_at_once(
    engine: Engine,
) -> None:
    transfer = engine.given(to_be_sent_again)
    engine.queue.lose_all()
    assert engine.call(transfer, PAID) == 200
    engine.network.poll_answers = [result("SUCCESSFUL")]
    engine.queue.run_all()
    assert path(engine.app, transfer.id)[-3:] == ["PENDING", "UNCONFIRMED", "SUCCESSFUL"]
    assert len(engine.network.submissions) == 1


@pytest.mark.parametrize("before", ["in doubt", "not sent"])
def test_what_was_called_back_about_is_asked_about_instead_of_sent_also_without_the_queue(
    engine: Engine, before: str
) -> None:
    if before == "in doubt":
        transfer = engine.given(to_be_sent_again)
    else:
        transfer = engine.accept()
        engine.network.submit_answers = [NotSent("too many requests (429)")]
        engine.submit(transfer)
    engine.call(transfer, PAID)
    engine.queue.lose_all()
    engine.network.poll_answers = [UNKNOWN]
    with engine.app.app_context():
        engine.app.extensions["celery"].tasks["transfers.sweep"]()
    engine.queue.run_all()
    after = engine.in_state(transfer, State.UNCONFIRMED)
    assert (after.in_doubt, len(engine.network.submissions)) == (True, 1)
    answer = engine.merchant.post(f"/payments/{transfer.id}/cancel")
    assert answer.status_code == 409


def test_what_was_called_back_about_cannot_be_cancelled(engine: Engine) -> None:
    transfer = engine.accept()
    engine.network.submit_answers = [NotSent("too many requests (429)")]
    engine.submit(transfer)
    engine.call(transfer, PAID)
    engine.in_state(transfer, State.PENDING)
    assert engine.merchant.post(f"/payments/{transfer.id}/cancel").status_code == 409


@pytest.mark.parametrize("answer", [REFUSED, NotSent("reset")])
def test_a_no_to_what_was_called_back_about_is_doubt(engine: Engine, answer: Submission) -> None:
    transfer = engine.accept()
    engine.network.submit_answers = [engine.called_during(transfer, answer)]
    engine.submit(transfer)
    engine.in_state(transfer, State.UNCONFIRMED)


def test_an_ending_that_was_concluded_is_not_confirmed_by_a_404_after_a_callback(
    engine: Engine,
) -> None:
    transfer = engine.given(never_landed)
    engine.call(transfer, PAID)
    engine.network.poll_answers = [UNKNOWN, UNKNOWN, result("SUCCESSFUL")]
    for _ in range(3):
        assert engine.seconds_until_due(transfer) is not None
        engine.look(transfer, age=states.REPOLL_AFTER)
    assert [found.kind for found in discrepancies(engine.app, transfer.id)] == ["contrary_ending"]
