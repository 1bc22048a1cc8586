"""Asking: what an answer proves, what it does not, and when the next look comes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from tests.doors import HeldBells, ScriptedNetwork, enquire, make_due, report, stored, submit
from tests.merchants import Merchant
from tests.payments.scenes import (
    LONG,
    UNKNOWN,
    ending,
    hear_that_it_is_unknown,
    in_state,
    look,
    never_landed,
    processing,
    unconfirmed,
)
from tests.payments.traces import discrepancies, moves, path, seconds_until_due
from zampay.infra.db import db
from zampay.payments import states
from zampay.payments.states import State
from zampay.providers.contract import (
    Accepted,
    Enquiry,
    Failure,
    FailureCode,
    InDoubt,
    NoAnswer,
    NotFound,
    NotSent,
    Order,
)

SETUP = Failure(FailureCode.PROVIDER_REJECTED, "Refused.", "INVALID_CURRENCY")
NOTHING_LEARNT = [
    pytest.param(NoAnswer("timeout"), id="timeout"),
    pytest.param(NoAnswer("answered 502"), id="server error or garbage"),
    pytest.param(NoAnswer("answered 404"), id="the gateway's own 404"),
    pytest.param(NotSent("waiting for a turn", retry_after_s=3), id="no turn"),
]


@pytest.mark.parametrize("answer", NOTHING_LEARNT)
@pytest.mark.parametrize("scene", [unconfirmed, processing])
def test_an_enquiry_that_says_nothing_changes_nothing_however_old_the_send(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, scene: object, answer: Enquiry
) -> None:
    payment = scene(app, merchant, network)  # type: ignore[operator]
    network.enquiry_answers = [answer]
    look(app, payment, age=LONG)
    assert stored(app, payment.id).state == payment.state
    assert (seconds_until_due(app, payment.id) or 0) > 0


def test_an_unknown_status_is_waited_for(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network)
    network.enquiry_answers = [report("PENDING", provider_status="CREATED")]
    look(app, payment, age=LONG)
    assert stored(app, payment.id).state == State.PROCESSING
    assert moves(app, payment.id)[-1].detail == "the network says CREATED"


def test_not_known_within_the_grace_time_proves_nothing(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network)
    network.enquiry_answers = [UNKNOWN]
    look(app, payment, age=network.profile.unknown_grace - timedelta(seconds=5))
    assert stored(app, payment.id).state == State.UNCONFIRMED


def test_the_grace_time_counts_to_the_question_and_not_to_its_slow_answer(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network)

    def answer_late(_: Order) -> Enquiry:
        make_due(app, payment.id, age=timedelta(seconds=-20))
        return UNKNOWN

    network.enquiry_answers = [answer_late]
    look(app, payment, age=network.profile.unknown_grace + timedelta(seconds=10))
    assert stored(app, payment.id).state == State.UNCONFIRMED


def test_not_known_past_the_grace_time_is_sent_again_under_the_same_reference(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, bells: HeldBells
) -> None:
    payment = unconfirmed(app, merchant, network)
    bells.lose_all()
    network.enquiry_answers = [UNKNOWN]
    look(app, payment, age=LONG)
    assert in_state(app, payment, State.PENDING).in_doubt
    assert bells.tasks == ["payments.submit"]
    bells.hear_all()
    assert [order.reference for order in network.submissions] == [payment.provider_reference] * 2
    assert stored(app, payment.id).state == State.PROCESSING


def test_what_the_network_once_acknowledged_is_never_taken_for_lost(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = processing(app, merchant, network)
    network.enquiry_answers = [UNKNOWN]
    look(app, payment, age=LONG)
    assert stored(app, payment.id).state == State.PROCESSING


def test_what_the_network_reported_with_other_figures_is_never_taken_for_lost(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network)
    network.enquiry_answers = [report("SUCCESSFUL", amount="99"), UNKNOWN]
    look(app, payment)
    look(app, payment, age=LONG)
    assert stored(app, payment.id).state == State.IN_REVIEW


def test_a_presumed_failure_is_one_when_the_network_does_not_know_the_reference(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network, presumed=SETUP)
    network.enquiry_answers = [UNKNOWN, UNKNOWN]
    look(app, payment)
    assert stored(app, payment.id).state == State.UNCONFIRMED
    look(app, payment, age=LONG)
    after = in_state(app, payment, State.FAILED)
    assert after.failure is not None
    assert (after.failure["code"], after.failure["providerCode"]) == (
        "provider_rejected",
        "INVALID_CURRENCY",
    )


def test_a_presumed_failure_that_the_network_knows_as_paid_is_paid(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network, presumed=SETUP)
    network.enquiry_answers = [report("SUCCESSFUL")]
    look(app, payment, age=LONG)
    assert stored(app, payment.id).state == State.SUCCESSFUL


def test_never_landed_is_a_failure_only_when_the_time_for_sending_is_over(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network)
    network.submit_answers = [InDoubt("reset")] * 3
    for _ in range(3):
        hear_that_it_is_unknown(app, payment, network)
        in_state(app, payment, State.PENDING)
        submit(app, payment)
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    hear_that_it_is_unknown(app, payment, network)
    after = in_state(app, payment, State.FAILED)
    assert after.failure is not None
    assert after.failure["code"] == "provider_unavailable"
    assert "never landed" in moves(app, payment.id)[-1].detail


def test_a_network_that_would_charge_twice_is_not_sent_to_again(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    network.profile = replace(network.profile, resend_is_safe=False)
    payment = unconfirmed(app, merchant, network)
    hear_that_it_is_unknown(app, payment, network)
    assert stored(app, payment.id).state == State.FAILED
    assert len(network.submissions) == 1


def test_a_failure_that_was_concluded_is_looked_at_once_more_an_hour_later(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = never_landed(app, merchant, network)
    assert 3590 < (seconds_until_due(app, payment.id) or 0) <= 3600
    network.enquiry_answers = [NoAnswer("timeout"), NotSent("no turn"), report("SUCCESSFUL")]
    for _ in range(3):
        assert seconds_until_due(app, payment.id) is not None
        look(app, payment)
    assert stored(app, payment.id).state == State.FAILED
    assert [found.kind for found in discrepancies(app, payment.id)] == ["contrary_ending"]
    assert seconds_until_due(app, payment.id) is None


def test_a_failure_that_stays_unknown_is_let_go(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = never_landed(app, merchant, network)
    network.enquiry_answers = [UNKNOWN]
    look(app, payment)
    assert seconds_until_due(app, payment.id) is None
    assert discrepancies(app, payment.id) == []


def test_an_ended_payment_is_not_looked_at_for_longer_than_an_open_one(
    app: Flask,
    merchant: Merchant,
    network: ScriptedNetwork,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payment = never_landed(app, merchant, network)
    monkeypatch.setattr(states, "REVIEW_AFTER", timedelta(0))
    network.enquiry_answers = [NoAnswer("timeout")]
    look(app, payment)
    assert seconds_until_due(app, payment.id) is None


@pytest.mark.parametrize("answer", [report("PENDING"), NoAnswer("timeout"), UNKNOWN])
def test_what_waiting_does_not_settle_goes_to_a_person_and_is_still_asked_about(
    app: Flask,
    merchant: Merchant,
    network: ScriptedNetwork,
    monkeypatch: pytest.MonkeyPatch,
    answer: Enquiry,
) -> None:
    payment = processing(app, merchant, network)
    monkeypatch.setattr(states, "REVIEW_AFTER", timedelta(0))
    network.enquiry_answers = [answer, answer]
    look(app, payment)
    assert stored(app, payment.id).state == State.IN_REVIEW
    look(app, payment)
    assert 0.7 * 86_400 < (seconds_until_due(app, payment.id) or 0) < 1.3 * 86_400
    network.enquiry_answers = [ending("FAILED")]
    look(app, payment)
    assert path(app, payment.id)[-2:] == ["IN_REVIEW", "FAILED"]


@pytest.mark.parametrize("why", ["cannot be asked", "no longer served"])
def test_a_payment_that_cannot_be_asked_about_needs_a_person(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, why: str
) -> None:
    payment = unconfirmed(app, merchant, network)
    network.profile = replace(network.profile, can_enquire=False)
    if why == "no longer served":
        app.extensions["providers"] = {True: {}, False: {}}
    look(app, payment)
    look(app, payment)
    assert path(app, payment.id)[-2:] == ["UNCONFIRMED", "IN_REVIEW"]
    assert network.enquiries == []


def test_looks_come_soon_at_first_and_then_ever_more_rarely(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = processing(app, merchant, network)
    network.enquiry_answers = [report("PENDING")] * 25
    waits = []
    for _ in range(25):
        look(app, payment)
        waits.append(seconds_until_due(app, payment.id) or 0)
    assert waits[0] < 4
    assert sum(waits[:13]) < 420, "a dozen looks while the payer can still answer"
    assert all(2.5 * 3600 < wait < 5 * 3600 for wait in waits[20:])


def test_one_look_at_a_time(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> None:
    payment = processing(app, merchant, network)

    def hear_a_second_bell(order: Order) -> Enquiry:
        enquire(app, payment)
        return report("PENDING")(order)

    network.enquiry_answers = [hear_a_second_bell]
    look(app, payment)
    assert len(network.enquiries) == 1


def test_no_connection_is_held_while_the_network_is_asked(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = processing(app, merchant, network)
    held: list[int] = []

    def count(_: Order) -> Enquiry:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return NotFound("404")

    network.enquiry_answers = [count]
    look(app, payment)
    assert held == [0]


def test_an_acknowledged_payment_is_asked_about_afresh(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network)
    network.enquiry_answers = [NoAnswer("timeout")] * 10
    for _ in range(10):
        look(app, payment)
    hear_that_it_is_unknown(app, payment, network)
    network.submit_answers = [Accepted("202")]
    submit(app, payment)
    assert stored(app, payment.id).looks == 0
