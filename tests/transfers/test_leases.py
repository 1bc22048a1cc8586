"""From when the grace time counts, and what never shortens a lease."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.support.engine import PAID, Engine
from tests.support.fakes import ScriptedNetwork, make_due, result, submit
from tests.support.given import (
    LONG,
    UNKNOWN,
    accept,
    hear_that_it_is_unknown,
    in_state,
    look,
    to_be_sent_again,
    unconfirmed,
)
from tests.support.merchants import Merchant
from tests.support.rows import seconds_until_due
from tests.transfers.test_late_answers import Killed, dead_while_sending, die
from zampay.providers.contract import (
    Accepted,
    Declined,
    InDoubt,
    NoAnswer,
    Order,
    Submission,
)
from zampay.providers.failures import Failure, FailureCode
from zampay.transfers import operator_actions, states
from zampay.transfers.models import Transfer
from zampay.transfers.operator_actions import NotPossible, Operator
from zampay.transfers.states import State

SETUP = Failure(FailureCode.PROVIDER_REJECTED, "Refused.", "INVALID_CURRENCY")
REFUSED = Declined(Failure(FailureCode.PAYER_NOT_FOUND, "No wallet.", "PAYER_NOT_FOUND"))
ANN = Operator("Ann", "the network's portal", "Ben")


def held_up(app: Flask, answer: Submission) -> Callable[[Order], Submission]:
    """A script line: the send was taken 44 s ago, and goes out only now."""

    def go(order: Order) -> Submission:
        make_due(app, order.transfer_id, age=timedelta(seconds=44))
        return answer

    return go


@pytest.mark.parametrize("presumed", [None, SETUP])
def test_the_grace_time_counts_from_the_end_of_the_send(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, presumed: Failure | None
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [held_up(app, InDoubt("reset", presumed))]
    submit(app, transfer)
    network.poll_answers = [UNKNOWN, UNKNOWN]
    look(app, transfer)
    in_state(app, transfer, State.UNCONFIRMED)
    look(
        app,
        transfer,
        age=network.able.unknown_grace - timedelta(seconds=9),
    )
    in_state(app, transfer, State.UNCONFIRMED)


@pytest.mark.parametrize(
    ("after_the_claim_s", "state"), [(91, State.SUBMITTING), (130, State.PENDING)]
)
def test_after_a_death_the_grace_time_counts_from_the_end_of_the_lease(
    app: Flask,
    merchant: Merchant,
    network: ScriptedNetwork,
    after_the_claim_s: float,
    state: State,
) -> None:
    transfer = dead_while_sending(app, merchant, network)
    network.poll_answers = [UNKNOWN]
    look(app, transfer, age=timedelta(seconds=after_the_claim_s))
    assert in_state(app, transfer, state).in_doubt is (state is State.PENDING)


def test_a_send_that_came_back_late_is_a_last_byte_too(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    """The first send comes back while the second one, sent long ago, is in doubt."""
    transfer = accept(app, merchant)

    def second_send(_: Order) -> Submission:
        hear_that_it_is_unknown(app, transfer, network)
        submit(app, transfer)
        make_due(app, transfer.id, age=LONG)
        return InDoubt("reset")

    network.submit_answers = [second_send, InDoubt("reset")]
    submit(app, transfer)
    network.poll_answers = [UNKNOWN]
    look(app, transfer)
    in_state(app, transfer, State.UNCONFIRMED)


def test_the_promise_of_what_a_dead_worker_may_have_sent_is_doubt(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    network.submit_answers = [REFUSED]
    transfer = dead_while_sending(app, merchant, network)
    hear_that_it_is_unknown(app, transfer, network)
    assert in_state(app, transfer, State.PENDING).in_doubt
    assert merchant.post(f"/payments/{transfer.id}/cancel").status_code == 409
    submit(app, transfer)
    in_state(app, transfer, State.UNCONFIRMED)


def poll_payment(app: Flask, transfer: Transfer) -> None:
    with app.app_context():
        operator_actions.poll_now(transfer=transfer, operator=ANN)


def replay(app: Flask, transfer: Transfer) -> None:
    with app.app_context():
        since = transfer.created_at - LONG
        operator_actions.replay_callbacks(since=since, operator=ANN)


@pytest.mark.parametrize("hint", ["callback", "poll", "replay"])
def test_nothing_shortens_the_lease_of_a_send(engine: Engine, hint: str) -> None:
    transfer = engine.accept()
    engine.queue.lose_all()

    def hinted(_: Order) -> Submission:
        if hint == "poll":
            with pytest.raises(NotPossible):
                poll_payment(engine.app, transfer)
        else:
            engine.call(transfer, PAID)
        if hint == "replay":
            replay(engine.app, transfer)
        engine.queue.run_all()
        assert (engine.seconds_until_due(transfer) or 0) > 60
        assert engine.network.polls == []
        return InDoubt("reset")

    engine.network.submit_answers = [hinted]
    engine.submit(transfer)
    engine.in_state(transfer, State.UNCONFIRMED)
    engine.network.poll_answers = [result("SUCCESSFUL")]
    engine.queue.run_all()
    engine.in_state(transfer, State.UNCONFIRMED if hint == "poll" else State.SUCCESSFUL)


def test_a_poll_that_comes_home_late_leaves_the_lease_of_the_next_send(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    left_s = []

    def send_again(_: Order) -> NoAnswer:
        hear_that_it_is_unknown(app, transfer, network)
        with pytest.raises(Killed):
            submit(app, transfer)
        return NoAnswer("timeout")

    network.submit_answers = [die]
    network.poll_answers = [send_again]
    look(app, transfer, age=LONG)
    left_s.append(seconds_until_due(app, transfer.id) or 0)
    in_state(app, transfer, State.SUBMITTING)
    assert left_s[0] > 60


def test_two_never_send_at_once_although_a_callback_came(engine: Engine) -> None:
    transfer = engine.accept()

    def slow(order: Order) -> Submission:
        engine.call(transfer, {"status": "PENDING"})
        engine.make_due(transfer, age=timedelta(seconds=31))
        engine.network.poll_answers = [UNKNOWN]
        engine.poll(transfer)
        engine.make_due(transfer)
        engine.submit(transfer)
        assert not order.is_too_late
        return Accepted("202")

    engine.network.submit_answers = [slow]
    engine.submit(transfer)
    assert len(engine.network.submissions) == 1
    engine.in_state(transfer, State.PROCESSING)


def test_an_operator_asks_about_what_is_to_be_sent_again(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = to_be_sent_again(app, merchant, network)
    network.poll_answers = [result("SUCCESSFUL")]
    poll_payment(app, transfer)
    in_state(app, transfer, State.SUCCESSFUL)
    with pytest.raises(NotPossible):
        poll_payment(app, accept(app, merchant))


def test_an_operator_does_not_fail_what_a_callback_has_just_come_for(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "REVIEW_AFTER", timedelta(0))
    transfer = engine.given(unconfirmed)
    engine.network.poll_answers = [NoAnswer("timeout"), NoAnswer("timeout")]
    engine.look(transfer)
    engine.in_state(transfer, State.IN_REVIEW)
    engine.call(transfer, PAID)
    with engine.app.app_context(), pytest.raises(NotPossible, match="callback"):
        operator_actions.resolve(transfer=transfer, end=State.FAILED, operator=ANN)
    engine.look(transfer)
    with engine.app.app_context():
        operator_actions.resolve(transfer=transfer, end=State.FAILED, operator=ANN)
    engine.in_state(transfer, State.FAILED)
