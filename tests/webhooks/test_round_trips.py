"""What a delivery costs: few waits for PostgreSQL, and none for what cannot be started anyway."""

import threading

from flask import Flask

from tests.support.fakes import HeldQueue
from tests.support.merchants import Merchant
from tests.support.receiver import Receiver
from tests.support.round_trips import round_trips
from tests.webhooks.given import answered_once, hang, publish, run, start
from tests.webhooks.rows import deliveries
from zampay.webhooks.delivery.queries import IN_FLIGHT

BEGIN, LOCK_AND_RECORD, LEASE, COMMIT = 1, 1, 1, 1
LEASED = BEGIN + LOCK_AND_RECORD + LEASE + COMMIT
RECORDED = BEGIN + LOCK_AND_RECORD + COMMIT


def test_one_delivery_is_leased_in_four_round_trips_and_recorded_in_three(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    answered_once(app, merchant, task_queue, shop)
    publish(app, merchant)
    with round_trips() as made:
        task_queue.run_all()
    assert len(shop.received) == 2
    assert made.count <= LEASED + RECORDED


def test_what_is_due_together_is_leased_and_recorded_together(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    answered_once(app, merchant, task_queue, shop)
    for _ in range(IN_FLIGHT):
        publish(app, merchant)
    first = task_queue.held.pop(0)
    with round_trips() as made:
        task_queue.run(first)
    assert [row.status for row in deliveries(app)] == ["DELIVERED"] * (1 + IN_FLIGHT)
    assert made.count <= LEASED + RECORDED


def test_a_message_for_an_endpoint_without_room_costs_no_transaction(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    threads: None,
    let_go: threading.Event,
) -> None:
    answered_once(app, merchant, task_queue, shop)
    hang(shop, let_go)
    for _ in range(IN_FLIGHT + 1):
        publish(app, merchant)
    task_queue.run_all()
    shop.await_received(1 + IN_FLIGHT)
    last = deliveries(app)[-1]
    with round_trips() as made:
        start(app, last)
    assert made.count == 0
    let_go.set()
    shop.await_received(2 + IN_FLIGHT)


def test_a_process_that_ends_records_what_is_answered_and_starts_nothing_more(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    threads: None,
    let_go: threading.Event,
) -> None:
    answered_once(app, merchant, task_queue, shop)
    hang(shop, let_go)
    for _ in range(IN_FLIGHT + 1):
        publish(app, merchant)
    task_queue.run_all()
    shop.await_received(1 + IN_FLIGHT)
    slots = app.extensions["webhook_slots"]
    slots.stop()
    let_go.set()
    slots.close()
    run(app, "webhooks.sweep")
    states = [(row.status, row.attempts) for row in deliveries(app)]
    assert states == [("DELIVERED", 1)] * (1 + IN_FLIGHT) + [("PENDING", 0)]
