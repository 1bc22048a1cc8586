"""Looks: soon at first, then ever more rarely, one at a time, and when the last one was."""

from datetime import timedelta

import pytest
from flask import Flask

from tests.support.fakes import ScriptedNetwork, make_due, poll, result, stored, submit
from tests.support.given import (
    UNKNOWN,
    ending,
    hear_that_it_is_unknown,
    look,
    never_landed,
    processing,
    unconfirmed,
)
from tests.support.merchants import Merchant
from tests.support.rows import discrepancies, history, path, seconds_until_due
from zampay.providers.contract import (
    Accepted,
    InDoubt,
    NoAnswer,
    Order,
    PollAnswer,
    Throttled,
)
from zampay.transfers import states
from zampay.transfers.states import State


def test_a_failure_that_was_concluded_is_looked_at_once_more_an_hour_later(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = never_landed(app, merchant, network)
    assert 3590 < (seconds_until_due(app, transfer.id) or 0) <= 3600
    network.poll_answers = [NoAnswer("timeout"), Throttled("no turn"), result("SUCCESSFUL")]
    for _ in range(3):
        assert seconds_until_due(app, transfer.id) is not None
        look(app, transfer, age=states.REPOLL_AFTER)
    assert stored(app, transfer.id).state == State.FAILED
    assert [found.kind for found in discrepancies(app, transfer.id)] == ["contrary_ending"]
    assert seconds_until_due(app, transfer.id) is None


def test_a_failure_that_stays_unknown_is_let_go(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = never_landed(app, merchant, network)
    network.poll_answers = [UNKNOWN]
    look(app, transfer, age=states.REPOLL_AFTER)
    assert seconds_until_due(app, transfer.id) is None
    assert discrepancies(app, transfer.id) == []


def test_a_look_that_is_brought_forward_does_not_stand_for_the_one_an_hour_later(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = never_landed(app, merchant, network)
    network.poll_answers = [UNKNOWN, result("SUCCESSFUL")]
    look(app, transfer)
    assert 3580 < (seconds_until_due(app, transfer.id) or 0) <= 3600
    look(app, transfer, age=states.REPOLL_AFTER)
    assert [found.kind for found in discrepancies(app, transfer.id)] == ["contrary_ending"]
    assert seconds_until_due(app, transfer.id) is None


def test_an_ended_payment_is_not_looked_at_for_longer_than_an_open_one(
    app: Flask,
    merchant: Merchant,
    network: ScriptedNetwork,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transfer = never_landed(app, merchant, network)
    monkeypatch.setattr(states, "REVIEW_AFTER", timedelta(0))
    network.poll_answers = [NoAnswer("timeout")]
    look(app, transfer, age=states.REPOLL_AFTER)
    assert seconds_until_due(app, transfer.id) is None


@pytest.mark.parametrize("answer", [result("PENDING"), NoAnswer("timeout"), UNKNOWN])
def test_what_waiting_does_not_settle_goes_to_a_person_and_is_still_asked_about(
    app: Flask,
    merchant: Merchant,
    network: ScriptedNetwork,
    monkeypatch: pytest.MonkeyPatch,
    answer: PollAnswer,
) -> None:
    transfer = processing(app, merchant, network)
    monkeypatch.setattr(states, "REVIEW_AFTER", timedelta(0))
    network.poll_answers = [answer, answer]
    look(app, transfer)
    assert stored(app, transfer.id).state == State.IN_REVIEW
    look(app, transfer)
    assert 0.7 * 86_400 < (seconds_until_due(app, transfer.id) or 0) < 1.3 * 86_400
    network.poll_answers = [ending("FAILED")]
    look(app, transfer)
    assert path(app, transfer.id)[-2:] == ["IN_REVIEW", "FAILED"]


def test_a_network_may_want_a_person_to_look_sooner(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    network.may(review_after=timedelta(minutes=15))
    network.poll_answers = [NoAnswer("code 201"), NoAnswer("code 201")]
    look(app, transfer, age=timedelta(minutes=14))
    assert stored(app, transfer.id).state == State.UNCONFIRMED
    look(app, transfer, age=timedelta(minutes=2))
    assert stored(app, transfer.id).state == State.IN_REVIEW
    said = history(app, transfer.id)[-1].detail
    assert said == "no ending after 15 minutes; the network says: code 201"


@pytest.mark.parametrize("why", ["cannot be asked", "no longer served"])
def test_a_payment_that_cannot_be_asked_about_needs_a_person(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, why: str
) -> None:
    transfer = unconfirmed(app, merchant, network)
    network.may(can_poll=False)
    if why == "no longer served":
        app.extensions["providers"] = {True: {}, False: {}}
    look(app, transfer)
    look(app, transfer)
    assert path(app, transfer.id)[-2:] == ["UNCONFIRMED", "IN_REVIEW"]
    assert network.polls == []


def test_looks_come_soon_at_first_and_then_ever_more_rarely(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = processing(app, merchant, network)
    network.poll_answers = [result("PENDING")] * 25
    waits = []
    for _ in range(25):
        look(app, transfer)
        waits.append(seconds_until_due(app, transfer.id) or 0)
    assert waits[0] < 4
    assert sum(waits[:13]) < 420, "a dozen looks while the payer can still answer"
    assert all(2.5 * 3600 < wait < 5 * 3600 for wait in waits[20:])


def test_one_look_at_a_time(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> None:
    transfer = processing(app, merchant, network)

    def run_a_second_message(order: Order) -> PollAnswer:
        poll(app, transfer)
        return result("PENDING")(order)

    network.poll_answers = [run_a_second_message]
    look(app, transfer)
    assert len(network.polls) == 1


def test_an_acknowledged_payment_is_asked_about_afresh(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    network.poll_answers = [NoAnswer("timeout")] * 10
    for _ in range(10):
        look(app, transfer)
    hear_that_it_is_unknown(app, transfer, network)
    network.submit_answers = [Accepted("202")]
    submit(app, transfer)
    assert stored(app, transfer.id).polls == 0


def test_what_gets_lost_again_and_again_is_sent_again_after_ever_longer_waits(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    waits = []
    for _ in range(4):
        network.poll_answers = [UNKNOWN]
        look(app, transfer, age=timedelta(minutes=5))
        waits.append(seconds_until_due(app, transfer.id) or 0)
        network.submit_answers = [InDoubt("answered 503 SERVICE_UNAVAILABLE")]
        make_due(app, transfer.id)
        submit(app, transfer)
    assert waits[0] <= 0
    assert 1.5 < waits[1] < 2.5
    assert 3 < waits[2] < 5
    assert 6 < waits[3] < 10
