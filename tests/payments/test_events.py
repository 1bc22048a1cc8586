"""One event per transition that merchants see, numbered without gaps in the order of history."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.support.fakes import (
    HeldQueue,
    ScriptedNetwork,
    make_due,
    poll,
    result,
    stored,
    submit,
)
from tests.support.given import accept, ending, hear_that_it_is_unknown, look, processing
from tests.support.merchants import Merchant
from tests.support.rows import events, history, path
from zampay.infra.database.db import transaction
from zampay.providers.contract import InDoubt, NotSent
from zampay.providers.profile import Kind
from zampay.transfers import locked_rows, transitions
from zampay.transfers.kinds import RULES
from zampay.transfers.states import Evidence, State

EVENTS = RULES[Kind.PAYMENT].events


def test_each_transition_that_a_merchant_sees_is_told_once_with_the_payment_as_it_was(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = processing(app, merchant, network)
    network.poll_answers = [result("SUCCESSFUL")]
    look(app, payment)
    told = events(app, payment.id)
    assert [(one.type, one.position) for one in told] == [
        ("payment.processing", 3),
        ("payment.successful", 4),
    ]
    assert [one.data["status"] for one in told] == ["PROCESSING", "SUCCESSFUL"]
    assert [one.data["id"] for one in told] == [payment.id] * 2
    assert told[1].data["completedAt"] is not None


def test_inner_moves_are_history_but_no_news(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = accept(app, merchant)
    network.submit_answers = [NotSent("down"), InDoubt("reset")]
    submit(app, payment)
    make_due(app, payment.id)
    submit(app, payment)
    hear_that_it_is_unknown(app, payment, network)
    assert len(path(app, payment.id)) == 6
    assert events(app) == []


def test_a_move_that_is_rolled_back_leaves_no_event_no_history_and_no_gap(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment, other = processing(app, merchant, network), processing(app, merchant, network)

    def move_and_fail() -> None:
        with app.app_context(), transaction(payment.tenant_id) as tx:
            found = locked_rows.locked(tx, payment.id)
            assert found is not None
            transitions.transition(
                tx, found, State.SUCCESSFUL, evidence=Evidence.OPERATOR, detail=""
            )
            tx.session.flush()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move_and_fail()
    assert stored(app, payment.id).state == State.PROCESSING
    assert path(app, payment.id)[-1] == "PROCESSING"
    network.poll_answers = [result("SUCCESSFUL")]
    look(app, other)
    assert [one.sequence for one in events(app)] == [1, 2, 3]


def test_twenty_transitions_at_once_number_their_events_without_a_gap_and_in_order(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    payments = [accept(app, merchant) for _ in range(20)]
    network.poll_answers = [ending("SUCCESSFUL"), ending("FAILED")] * 10

    def walk(number: int) -> None:
        payment = payments[number]
        submit(app, payment)
        make_due(app, payment.id)
        poll(app, payment)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(walk, range(20)))
    told = events(app)
    assert [one.sequence for one in told] == list(range(1, 41))
    for payment in payments:
        of_one = [one for one in told if one.subject_id == payment.id]
        news = [move for move in history(app, payment.id) if State(move.target) in EVENTS]
        assert [one.position for one in of_one] == [move.position for move in news]
        assert [one.type for one in of_one] == [EVENTS[State(move.target)] for move in news]


def test_each_tenant_and_each_mode_has_numbers_of_its_own(
    app: Flask, merchant: Merchant, rival: Merchant, network: ScriptedNetwork
) -> None:
    for who in (merchant, rival):
        for live in (True, False):
            submit(app, accept(app, who, live=live))
    assert [one.sequence for one in events(app)] == [1, 1, 1, 1]
    assert len({(one.tenant_id, one.livemode) for one in events(app)}) == 4
