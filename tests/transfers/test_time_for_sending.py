"""For how long sending is tried, and what comes before it is given up."""

from datetime import timedelta

import pytest
from flask import Flask

from tests.support.counts import growth
from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due, result, stored, submit
from tests.support.given import accept, to_be_sent_again
from tests.support.merchants import Merchant
from tests.support.rows import path, seconds_until_due
from zampay.providers.contract import Declined, NoAnswer, NotSent, PollAnswer
from zampay.providers.failures import Failure, FailureCode
from zampay.transfers.states import State

REFUSED = Declined(Failure(FailureCode.PAYER_NOT_FOUND, "No wallet.", "PAYER_NOT_FOUND"))
SET_UP = Failure(FailureCode.PROVIDER_REJECTED, "Refused.", "HTTP_401")
ONCE = ["PENDING", "SUBMITTING"]


def test_what_was_never_tried_does_not_expire(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    submit(app, transfer)
    assert path(app, transfer.id) == [*ONCE, "PROCESSING"]


def test_out_of_time_nothing_is_sent_and_the_failure_is_certain(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [NotSent("down")]
    submit(app, transfer)
    make_due(app, transfer.id)
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    submit(app, transfer)
    after = stored(app, transfer.id)
    assert (after.state, after.due_at, len(network.submissions)) == (State.FAILED, None, 1)
    assert after.failure is not None
    assert (after.failure["code"], after.failure["retry"]) == ("provider_unavailable", "safe")


def test_what_a_network_refuses_to_take_from_its_wallet_waits_and_then_fails_as_that(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [NotSent("401", refused=SET_UP), NotSent("401", refused=SET_UP)]
    with growth("zampay_wallet_refused_total", 2, provider="MTN", wallet_id="deployment"):
        for _ in range(2):
            make_due(app, transfer.id)
            submit(app, transfer)
    assert stored(app, transfer.id).state == State.PENDING
    said = merchant.get(f"/payments/{transfer.id}/explain").json["sentence"]
    assert "refuses the credentials" in said
    make_due(app, transfer.id)
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    submit(app, transfer)
    after = stored(app, transfer.id)
    assert (after.state, len(network.submissions)) == (State.FAILED, 2)
    assert after.failure is not None
    assert (after.failure["code"], after.failure["retry"]) == ("provider_rejected", "safe")


def test_a_refusal_that_is_over_is_no_reason_to_fail_any_more(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [NotSent("401", refused=SET_UP), NotSent("down")]
    for _ in range(2):
        make_due(app, transfer.id)
        submit(app, transfer)
    make_due(app, transfer.id)
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    submit(app, transfer)
    failure = stored(app, transfer.id).failure
    assert failure is not None
    assert failure["code"] == "provider_unavailable"


def test_the_time_for_sending_counts_from_the_first_try_and_not_from_the_last(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [NotSent("down"), NotSent("down")]
    submit(app, transfer)
    first = stored(app, transfer.id).first_tried_at
    make_due(app, transfer.id)
    submit(app, transfer)
    assert first is not None
    assert stored(app, transfer.id).first_tried_at == first


def test_while_nobody_works_what_was_tried_does_not_expire_either(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [NotSent("down")]
    submit(app, transfer)
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    make_due(app, transfer.id, overdue=timedelta(minutes=3))
    submit(app, transfer)
    assert path(app, transfer.id)[-2:] == ["SUBMITTING", "PROCESSING"]


def test_out_of_time_after_doubt_it_is_asked_about_once_more_and_then_given_up(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    transfer = to_be_sent_again(app, merchant, network)
    asked = len(network.polls)
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    task_queue.lose_all()
    submit(app, transfer)
    assert stored(app, transfer.id).state == State.UNCONFIRMED
    assert task_queue.tasks == ["transfers.poll"]
    task_queue.run_all()
    assert stored(app, transfer.id).state == State.FAILED
    assert (len(network.polls), len(network.submissions)) == (asked + 1, 1)
    assert (seconds_until_due(app, transfer.id) or 0) > 3500


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (result("SUCCESSFUL"), State.SUCCESSFUL),
        (result("PENDING"), State.PROCESSING),
        (NoAnswer("timeout"), State.UNCONFIRMED),
    ],
)
def test_what_landed_before_it_was_given_up_is_found(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    answer: PollAnswer,
    state: State,
) -> None:
    transfer = to_be_sent_again(app, merchant, network)
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    make_due(app, transfer.id, overdue=timedelta(hours=3))
    network.poll_answers = [answer]
    task_queue.lose_all()
    submit(app, transfer)
    task_queue.run_all()
    assert stored(app, transfer.id).state == state
