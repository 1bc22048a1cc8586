"""The sweep: whatever message was lost, doubled or tripled, the row is the job."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from flask import Flask

from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due, result, stored, submit
from tests.support.given import accept, never_landed, unconfirmed
from tests.support.merchants import Merchant
from zampay.infra.database.after_commit import TaskMessage
from zampay.transfers.states import State


def sweep(app: Flask) -> None:
    with app.app_context():
        app.extensions["celery"].tasks["transfers.sweep"]()


@pytest.mark.parametrize("how", ["lost", "broker down"])
def test_a_payment_whose_message_was_lost_is_found(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork, how: str
) -> None:
    task_queue.broken = how == "broker down"
    transfer = accept(app, merchant)
    task_queue.broken = False
    task_queue.lose_all()
    sweep(app)
    task_queue.run_all()
    assert stored(app, transfer.id).state == State.PROCESSING


def test_three_sweeps_at_once_and_every_message_twice_send_once_and_ask_once(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    to_send, to_ask = accept(app, merchant), unconfirmed(app, merchant, network)
    network.submissions.clear()
    network.poll_answers = [result("PENDING")]
    make_due(app, to_ask.id)
    ids = {"transfer_id": to_ask.id, "tenant_id": merchant.tenant_id}
    work = [partial(sweep, app)] * 3
    work += [
        partial(task_queue.run, enqueue)
        for enqueue in [*task_queue.held, TaskMessage("transfers.poll", ids)] * 2
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: one(), work))
    assert [order.transfer_id for order in network.submissions] == [to_send.id]
    assert [order.transfer_id for order in network.polls] == [to_ask.id]


def test_only_rows_that_are_due_are_taken(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    submit(app, transfer)
    network.submissions.clear()
    sweep(app)
    assert (network.submissions, network.polls) == ([], [])


def test_a_lease_that_ended_is_asked_about_and_never_sent(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)

    def die(_: object) -> None:
        raise KeyboardInterrupt

    network.submit_answers = [die]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        submit(app, transfer)
    network.submissions.clear()
    make_due(app, transfer.id)
    sweep(app)
    assert network.submissions == []
    assert [order.transfer_id for order in network.polls] == [transfer.id]


def test_an_ended_payment_that_is_owed_a_look_gets_it(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    transfer = never_landed(app, merchant, network)
    network.polls.clear()
    make_due(app, transfer.id)
    sweep(app)
    assert [order.transfer_id for order in network.polls] == [transfer.id]


def test_a_small_merchant_is_served_although_another_fills_the_queue(
    app: Flask, merchant: Merchant, rival: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    transfer = accept(app, rival)
    enqueue = TaskMessage("transfers.submit", {"transfer_id": "", "tenant_id": merchant.tenant_id})
    task_queue.held = [enqueue] * 1000
    sweep(app)
    assert stored(app, transfer.id).state == State.PROCESSING


def test_a_payment_of_a_network_that_is_no_longer_served_is_found_too(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    app.extensions["providers"] = {True: {}, False: {}}
    make_due(app, transfer.id)
    sweep(app)
    assert stored(app, transfer.id).state == State.IN_REVIEW


def test_a_message_for_a_payment_that_there_is_not_does_nothing(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    for task in ("transfers.submit", "transfers.poll"):
        task_queue.run(
            TaskMessage(task, {"transfer_id": "pay_x", "tenant_id": "ten_x", "later": "field"})
        )
    assert (network.submissions, network.polls) == ([], [])


def test_a_message_that_names_another_tenant_does_nothing(
    app: Flask, merchant: Merchant, rival: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    ids = {"transfer_id": transfer.id, "tenant_id": rival.tenant_id}
    task_queue.run(TaskMessage("transfers.submit", ids))
    assert network.submissions == []
