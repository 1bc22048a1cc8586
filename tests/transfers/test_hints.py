"""A callback brings a poll forward: it never delays a planned one, never takes its place in the
schedule, and leads to a poll also when there were too many to keep.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.infra.rows import session, until_somebody_waits
from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due, poll, result, stored
from tests.support.given import ended, ending, look, never_landed, processing
from tests.support.merchants import Merchant
from tests.support.rows import callbacks, discrepancies, seconds_until_due
from tests.transfers.test_callbacks import call
from zampay.providers.contract import NoAnswer, Order, PollAnswer, Throttled
from zampay.transfers.callbacks import MOST_KEPT
from zampay.transfers.models import Transfer
from zampay.transfers.states import State


def polled_twelve_times(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> tuple[Transfer, Transfer]:
    """A payment whose next planned poll is far off; as it was sent, and as it is now."""
    transfer = processing(app, merchant, network)
    network.poll_answers = [result("PENDING")] * 12
    for _ in range(12):
        look(app, transfer)
    return transfer, stored(app, transfer.id)


@pytest.mark.parametrize(
    ("answer", "hints"),
    [
        (result("PENDING"), 20),
        (NoAnswer("timeout"), 9),  # one more, and calls to the network pause
    ],
)
def test_polls_caused_by_callbacks_leave_the_schedule_as_it_was(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    answer: PollAnswer,
    hints: int,
) -> None:
    transfer, planned = polled_twelve_times(app, merchant, network)
    assert (seconds_until_due(app, transfer.id) or 0) > 40
    task_queue.lose_all()
    for number in range(hints):
        network.poll_answers = [answer]
        call(client, transfer, {"n": number})
        task_queue.run_all()
    after = stored(app, transfer.id)
    assert len(network.polls) == 12 + hints
    assert (after.due_at, after.polls) == (planned.due_at, planned.polls)
    network.poll_answers = [answer]
    look(app, transfer)
    assert stored(app, transfer.id).polls == planned.polls + 1, "the planned poll counts"


def test_a_hint_after_the_planned_time_takes_the_planned_polls_place(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)
    make_due(app, transfer.id)
    task_queue.lose_all()
    network.poll_answers = [result("PENDING")]
    call(client, transfer, b"{}")
    task_queue.run_all()
    assert (stored(app, transfer.id).polls, stored(app, transfer.id).planned_at) == (1, None)


def test_a_message_that_meets_a_locked_row_waits_for_it(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)
    task_queue.lose_all()
    network.poll_answers = [result("SUCCESSFUL")]
    call(client, transfer, b"{}")
    with ThreadPoolExecutor(1) as worker, session(app, merchant.tenant_id) as copy:
        copy.execute("SELECT id FROM transfers WHERE id = %s FOR NO KEY UPDATE", [transfer.id])
        polled = worker.submit(task_queue.run_all)
        until_somebody_waits(app)
        copy.rollback()
        polled.result(timeout=10)
    assert stored(app, transfer.id).state == State.SUCCESSFUL


def test_a_hint_that_got_no_turn_is_followed_before_the_planned_poll(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer, planned = polled_twelve_times(app, merchant, network)
    task_queue.lose_all()
    network.poll_answers = [Throttled("no turn", retry_after_s=3), result("PENDING")]
    call(client, transfer, b"{}")
    task_queue.run_all()
    assert 2 < (seconds_until_due(app, transfer.id) or 0) <= 3
    make_due(app, transfer.id)
    look(app, transfer)
    assert stored(app, transfer.id).due_at == planned.due_at


def test_a_callback_during_a_poll_that_a_callback_caused_keeps_the_plan_too(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer, planned = polled_twelve_times(app, merchant, network)
    task_queue.lose_all()

    def called_again(order: Order) -> PollAnswer:
        call(app.test_client(), transfer, b"second")
        return result("PENDING")(order)

    network.poll_answers = [called_again, result("PENDING")]
    call(client, transfer, b"first")
    task_queue.run_all()
    after = stored(app, transfer.id)
    assert len(network.polls) == 14
    assert (after.due_at, after.polls, after.planned_at) == (planned.due_at, planned.polls, None)


def flooded(app: Flask, client: FlaskClient, transfer: Transfer, task_queue: HeldQueue) -> None:
    for number in range(MOST_KEPT):
        call(client, transfer, str(number).encode())
    task_queue.lose_all()
    look(app, transfer)


def test_a_callback_too_many_is_not_kept_and_leads_to_a_poll(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)
    network.poll_answers = [result("PENDING"), result("PENDING"), result("SUCCESSFUL")]
    flooded(app, client, transfer, task_queue)
    look(app, transfer)
    call(client, transfer, b"one more")
    assert task_queue.tasks == ["transfers.poll"]
    task_queue.run_all()
    assert stored(app, transfer.id).state == State.SUCCESSFUL
    assert len(callbacks(app, transfer.id)) == MOST_KEPT


def test_a_flood_is_polled_for_at_a_pace_and_the_last_of_it_is_not_passed_over(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)
    network.poll_answers = [result("PENDING")] * 20
    flooded(app, client, transfer, task_queue)
    for _ in range(10):
        look(app, transfer)
    before, planned_at = len(network.polls), stored(app, transfer.id).due_at
    for number in range(8):
        assert call(client, transfer, f"more {number}".encode()) == 200
        task_queue.run_all()
    assert len(network.polls) == before + 1
    assert stored(app, transfer.id).planned_at == planned_at
    assert 2 < (seconds_until_due(app, transfer.id) or 0) <= 5


def test_a_callback_too_many_during_a_poll_is_followed_too(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)
    network.poll_answers = [result("PENDING")] * 11
    flooded(app, client, transfer, task_queue)
    for _ in range(10):
        look(app, transfer)

    def called_meanwhile(order: Order) -> PollAnswer:
        call(app.test_client(), transfer, b"one more")
        task_queue.run_all()
        return result("PENDING")(order)

    network.poll_answers = [called_meanwhile]
    look(app, transfer)
    assert 2 < (seconds_until_due(app, transfer.id) or 0) <= 5


def test_a_kept_body_that_is_repeated_in_a_flood_changes_nothing(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)
    network.poll_answers = [result("PENDING")]
    flooded(app, client, transfer, task_queue)
    assert call(client, transfer, b"7") == 200
    assert task_queue.tasks == []


def test_a_contradiction_that_was_closed_is_open_again_when_the_network_repeats_it(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    from zampay.transfers import operator_actions

    transfer = ended(app, merchant, network, "FAILED")
    for body in (b"first", b"second"):
        network.poll_answers = [ending("SUCCESSFUL")]
        call(client, transfer, body)
        task_queue.run_all()
        (found,) = discrepancies(app, transfer.id)
        assert found.resolved_at is None
        with app.app_context():
            closed = operator_actions.close_discrepancies(
                transfer=transfer, operator=operator_actions.Operator("ann", "looked into")
            )
        assert closed == 1


def test_a_hint_keeps_the_look_an_hour_after_the_end(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = never_landed(app, merchant, network)
    task_queue.lose_all()
    network.poll_answers = [NoAnswer("timeout")]
    call(client, transfer, b"{}")
    task_queue.run_all()
    left_s = seconds_until_due(app, transfer.id) or 0
    assert timedelta(seconds=left_s) > timedelta(minutes=59)


def test_a_poll_that_began_before_the_end_by_the_clock_gives_its_lease_back(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    network: ScriptedNetwork,
    guards_off: psycopg.Connection,
) -> None:
    """Its transaction waited for the row, and so has an earlier time than the end that it saw."""
    transfer = ended(app, merchant, network, "SUCCESSFUL")
    call(client, transfer, {"late": 1})
    later = "UPDATE transfers SET completed_at = now() + interval '1 minute' WHERE id = %s"
    guards_off.execute(later, (transfer.id,))
    network.poll_answers = [ending("SUCCESSFUL")]
    poll(app, transfer)
    assert stored(app, transfer.id).leased_until is None
    call(client, transfer, {"late": 2})
    network.poll_answers = [ending("SUCCESSFUL")]
    poll(app, transfer)
    assert [found for found in callbacks(app, transfer.id) if found.processed_at is None] == []
