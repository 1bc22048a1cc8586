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
from zampay.transfers.models import Transfer
from zampay.transfers.states import State


class Killed(BaseException):
    """The process ends here."""


def die(_: Order) -> Submission:
    raise Killed


def dead_while_sending(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> Transfer:
    """A payment whose worker died at the call of the network."""
    transfer = accept(app, merchant)
    network.submit_answers.insert(0, die)
    with pytest.raises(Killed):
        submit(app, transfer)
    return transfer


def test_a_death_after_the_answer_leaves_a_lease_and_then_a_question(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = dead_while_sending(app, merchant, network)
    poll(app, transfer)
    assert network.polls == []
    lease_s = app.config["SUBMIT_LEASE"].total_seconds()
    assert lease_s - 30 < (seconds_until_due(app, transfer.id) or 0) <= lease_s
    network.poll_answers = [result("SUCCESSFUL")]
    make_due(app, transfer.id)
    submit(app, transfer)
    poll(app, transfer)
    assert path(app, transfer.id) == ["PENDING", "SUBMITTING", "SUCCESSFUL"]
    assert len(network.submissions) == 1


def test_a_death_before_the_send_is_sent_again_under_the_same_reference(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = dead_while_sending(app, merchant, network)
    hear_that_it_is_unknown(app, transfer, network)
    submit(app, transfer)
    assert [order.reference for order in network.submissions] == [transfer.provider_reference] * 2
    assert stored(app, transfer.id).state == State.PROCESSING


def test_a_death_during_a_poll_leaves_a_lease_and_then_another_question(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)

    def die_asking(_: Order) -> PollAnswer:
        raise Killed

    network.poll_answers = [die_asking, result("SUCCESSFUL")]
    with pytest.raises(Killed):
        look(app, transfer)
    assert (seconds_until_due(app, transfer.id) or 0) > 60
    look(app, transfer)
    assert stored(app, transfer.id).state == State.SUCCESSFUL


def meanwhile(steps: Callable[[], None], answer: Submission) -> Callable[[Order], Submission]:
    """A script line: while the request is under way the rest of the world goes on."""

    def submitting(_: Order) -> Submission:
        steps()
        return answer

    return submitting


def test_an_acceptance_that_finds_the_payment_pending_again_is_believed(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [
        meanwhile(lambda: hear_that_it_is_unknown(app, transfer, network), Accepted("202"))
    ]
    submit(app, transfer)
    assert path(app, transfer.id) == ["PENDING", "SUBMITTING", "PENDING", "PROCESSING"]
    make_due(app, transfer.id)
    submit(app, transfer)
    assert len(network.submissions) == 1


def test_an_acceptance_that_finds_a_second_send_in_doubt_is_believed(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)

    def second_send() -> None:
        hear_that_it_is_unknown(app, transfer, network)
        submit(app, transfer)
        assert stored(app, transfer.id).state == State.UNCONFIRMED

    network.submit_answers = [meanwhile(second_send, Accepted("202")), InDoubt("reset")]
    submit(app, transfer)
    assert stored(app, transfer.id).state == State.PROCESSING


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
    transfer = accept(app, merchant)
    app.config["SUBMIT_WINDOW"] = timedelta(hours=1)

    def run_out_of_time() -> None:
        app.config["SUBMIT_WINDOW"] = timedelta(0)
        hear_that_it_is_unknown(app, transfer, network)
        assert stored(app, transfer.id).state == State.FAILED

    network.submit_answers = [meanwhile(run_out_of_time, Accepted("202"))]
    submit(app, transfer)
    assert (seconds_until_due(app, transfer.id) or 99) <= 2
    network.poll_answers = [*polls_before, result("SUCCESSFUL")]
    for _ in range(len(polls_before) + 1):
        assert seconds_until_due(app, transfer.id) is not None
        look(app, transfer)
    assert stored(app, transfer.id).state == State.FAILED
    assert [found.kind for found in discrepancies(app, transfer.id)] == ["contrary_ending"]
    assert (seconds_until_due(app, transfer.id) or 0) > 3500, "only the look an hour later is left"


def test_a_late_answer_that_says_nothing_changes_nothing(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)

    def already_paid() -> None:
        network.poll_answers = [result("SUCCESSFUL")]
        look(app, transfer)

    network.submit_answers = [meanwhile(already_paid, InDoubt("timeout"))]
    submit(app, transfer)
    after = stored(app, transfer.id)
    assert (after.state, after.due_at, after.in_doubt) == (State.SUCCESSFUL, None, False)


def outrun(app: Flask, transfer: Transfer, answer: Any) -> Callable[[Order], PollAnswer]:
    """A script line: while this look is under way, another begins and takes the next line."""

    def asking(order: Order) -> PollAnswer:
        look(app, transfer, age=LONG)
        says: PollAnswer = answer(order) if callable(answer) else answer
        return says

    return asking


def test_two_looks_that_both_say_unknown_order_one_more_send(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    network.poll_answers = [outrun(app, transfer, UNKNOWN), UNKNOWN]
    look(app, transfer, age=LONG)
    assert path(app, transfer.id)[-2:] == ["UNCONFIRMED", "PENDING"]


@pytest.mark.parametrize("status", ["PENDING", "SUCCESSFUL", "FAILED"])
def test_a_report_that_arrives_after_an_older_unknown_is_followed(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, status: str
) -> None:
    transfer = unconfirmed(app, merchant, network)
    network.poll_answers = [outrun(app, transfer, ending(status)), UNKNOWN]
    look(app, transfer, age=LONG)
    expected = "PROCESSING" if status == "PENDING" else status
    assert path(app, transfer.id)[-2:] == ["PENDING", expected]


def test_an_unknown_that_is_older_than_the_last_send_proves_nothing(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)

    def send_again(_: Order) -> PollAnswer:
        hear_that_it_is_unknown(app, transfer, network)
        submit(app, transfer)
        return UNKNOWN

    network.submit_answers = [InDoubt("reset")]
    network.poll_answers = [send_again]
    look(app, transfer, age=LONG)
    assert path(app, transfer.id)[-2:] == ["SUBMITTING", "UNCONFIRMED"]


def test_an_answer_older_than_the_end_does_not_stand_for_the_last_look(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    network.poll_answers = [outrun(app, transfer, UNKNOWN), UNKNOWN]
    look(app, transfer, age=LONG)
    assert stored(app, transfer.id).state == State.FAILED
    assert (seconds_until_due(app, transfer.id) or 0) > 3500
