"""Deaths and delays between the network's answer and our record of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.fakes import ScriptedNetwork, make_due, poll, result, stored, submit
from tests.support.given import (
    LONG,
    UNKNOWN,
    accept,
    ending,
    hear_that_it_is_unknown,
    look,
    unconfirmed,
)
from tests.support.merchants import Merchant
from tests.support.rows import discrepancies, path, seconds_until_due
from zampay.providers.contract import (
    Accepted,
    InDoubt,
    NoAnswer,
    NotFound,
    Order,
    PollAnswer,
    Submission,
)
from zampay.transfers.models import Payment
from zampay.transfers.states import State


class Killed(BaseException):
    """The process ends here."""


def die(_: Order) -> Submission:
    raise Killed


def test_a_death_after_the_answer_leaves_a_lease_and_then_a_question(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = accept(app, merchant)
    network.submit_answers = [die]
    with pytest.raises(Killed):
        submit(app, payment)
    poll(app, payment)
    assert network.polls == []
    lease_s = app.config["SUBMIT_LEASE"].total_seconds()
    assert lease_s - 30 < (seconds_until_due(app, payment.id) or 0) <= lease_s
    network.poll_answers = [result("SUCCESSFUL")]
    make_due(app, payment.id)
    submit(app, payment)
    poll(app, payment)
    assert path(app, payment.id) == ["PENDING", "SUBMITTING", "SUCCESSFUL"]
    assert len(network.submissions) == 1


def test_a_death_before_the_send_is_sent_again_under_the_same_reference(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = accept(app, merchant)
    network.submit_answers = [die]
    with pytest.raises(Killed):
        submit(app, payment)
    hear_that_it_is_unknown(app, payment, network)
    submit(app, payment)
    assert [order.reference for order in network.submissions] == [payment.provider_reference] * 2
    assert stored(app, payment.id).state == State.PROCESSING


def test_a_death_during_a_poll_leaves_a_lease_and_then_another_question(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network)

    def die_asking(_: Order) -> PollAnswer:
        raise Killed

    network.poll_answers = [die_asking, result("SUCCESSFUL")]
    with pytest.raises(Killed):
        look(app, payment)
    assert (seconds_until_due(app, payment.id) or 0) > 60
    look(app, payment)
    assert stored(app, payment.id).state == State.SUCCESSFUL


def meanwhile(steps: Callable[[], None], answer: Submission) -> Callable[[Order], Submission]:
    """A script line: while the request is under way the rest of the world goes on."""

    def submitting(_: Order) -> Submission:
        steps()
        return answer

    return submitting


def test_an_acceptance_that_finds_the_payment_pending_again_is_believed(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = accept(app, merchant)
    network.submit_answers = [
        meanwhile(lambda: hear_that_it_is_unknown(app, payment, network), Accepted("202"))
    ]
    submit(app, payment)
    assert path(app, payment.id) == ["PENDING", "SUBMITTING", "PENDING", "PROCESSING"]
    make_due(app, payment.id)
    submit(app, payment)
    assert len(network.submissions) == 1


def test_an_acceptance_that_finds_a_second_send_in_doubt_is_believed(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = accept(app, merchant)

    def second_send() -> None:
        hear_that_it_is_unknown(app, payment, network)
        submit(app, payment)
        assert stored(app, payment.id).state == State.UNCONFIRMED

    network.submit_answers = [meanwhile(second_send, Accepted("202")), InDoubt("reset")]
    submit(app, payment)
    assert stored(app, payment.id).state == State.PROCESSING


@pytest.mark.parametrize(
    "polls_before",
    [
        [],
        [result("PENDING")],
        [NoAnswer("timeout")],
        [NotFound("404")],
        [NotFound("404"), NoAnswer("reset"), result("PENDING"), NoAnswer("timeout")],
    ],
    ids=["at once", "pending", "no answer", "not yet known", "all of it"],
)
def test_an_acceptance_that_finds_the_payment_failed_ends_in_a_discrepancy_if_it_was_paid(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, polls_before: list[PollAnswer]
) -> None:
    payment = accept(app, merchant)
    app.config["SUBMIT_WINDOW"] = timedelta(hours=1)

    def run_out_of_time() -> None:
        app.config["SUBMIT_WINDOW"] = timedelta(0)
        hear_that_it_is_unknown(app, payment, network)
        assert stored(app, payment.id).state == State.FAILED

    network.submit_answers = [meanwhile(run_out_of_time, Accepted("202"))]
    submit(app, payment)
    assert (seconds_until_due(app, payment.id) or 99) <= 2
    network.poll_answers = [*polls_before, result("SUCCESSFUL")]
    for _ in range(len(polls_before) + 1):
        assert seconds_until_due(app, payment.id) is not None
        look(app, payment)
    assert stored(app, payment.id).state == State.FAILED
    assert [found.kind for found in discrepancies(app, payment.id)] == ["contrary_ending"]
    assert (seconds_until_due(app, payment.id) or 0) > 3500, "only the look an hour later is left"


def test_a_late_answer_that_says_nothing_changes_nothing(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = accept(app, merchant)

    def already_paid() -> None:
        network.poll_answers = [result("SUCCESSFUL")]
        look(app, payment)

    network.submit_answers = [meanwhile(already_paid, InDoubt("timeout"))]
    submit(app, payment)
    after = stored(app, payment.id)
    assert (after.state, after.due_at, after.in_doubt) == (State.SUCCESSFUL, None, False)


def outrun(app: Flask, payment: Payment, answer: Any) -> Callable[[Order], PollAnswer]:
    """A script line: while this look is under way, another begins and takes the next line."""

    def asking(order: Order) -> PollAnswer:
        look(app, payment, age=LONG)
        return answer(order) if callable(answer) else answer

    return asking


def test_two_looks_that_both_say_unknown_order_one_more_send(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network)
    network.poll_answers = [outrun(app, payment, UNKNOWN), UNKNOWN]
    look(app, payment, age=LONG)
    assert path(app, payment.id)[-2:] == ["UNCONFIRMED", "PENDING"]


@pytest.mark.parametrize("status", ["PENDING", "SUCCESSFUL", "FAILED"])
def test_a_report_that_arrives_after_an_older_unknown_is_followed(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, status: str
) -> None:
    payment = unconfirmed(app, merchant, network)
    network.poll_answers = [outrun(app, payment, ending(status)), UNKNOWN]
    look(app, payment, age=LONG)
    expected = "PROCESSING" if status == "PENDING" else status
    assert path(app, payment.id)[-2:] == ["PENDING", expected]


def test_an_unknown_that_is_older_than_the_last_send_proves_nothing(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network)

    def send_again(_: Order) -> PollAnswer:
        hear_that_it_is_unknown(app, payment, network)
        submit(app, payment)
        return UNKNOWN

    network.submit_answers = [InDoubt("reset")]
    network.poll_answers = [send_again]
    look(app, payment, age=LONG)
    assert path(app, payment.id)[-2:] == ["SUBMITTING", "UNCONFIRMED"]


def test_an_answer_older_than_the_end_does_not_stand_for_the_last_look(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network)
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    network.poll_answers = [outrun(app, payment, UNKNOWN), UNKNOWN]
    look(app, payment, age=LONG)
    assert stored(app, payment.id).state == State.FAILED
    assert (seconds_until_due(app, payment.id) or 0) > 3500
