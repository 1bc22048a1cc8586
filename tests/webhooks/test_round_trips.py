"""What a delivery costs: few waits for PostgreSQL, and none for what cannot be started anyway."""

import threading

import pytest
from flask import Flask

from tests.support.fakes import HeldQueue
from tests.support.merchants import Merchant
from tests.support.receiver import Receiver
from tests.support.round_trips import round_trips
from tests.webhooks.given import answered_once, endpoint, keep_busy, publish, run, start
from tests.webhooks.rows import deliveries
from zampay.infra.database import after_commit
from zampay.webhooks.delivery import attempt
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
    keep_busy(app, merchant, task_queue, shop, let_go, owed=IN_FLIGHT + 1)
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
    keep_busy(app, merchant, task_queue, shop, let_go, owed=IN_FLIGHT + 1)
    slots = app.extensions["webhook_slots"]
    slots.stop()
    let_go.set()
    slots.close()
    run(app, "webhooks.sweep")
    states = [(row.status, row.attempts) for row in deliveries(app)]
    assert states == [("DELIVERED", 1)] * (1 + IN_FLIGHT) + [("PENDING", 0)]


def test_a_worker_starts_what_it_publishes_itself_without_a_message(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    threads: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint(merchant, shop.url)
    monkeypatch.setitem(app.extensions, "takers", {})
    after_commit.take_here(app, attempt.TASK, attempt.take)
    publish(app, merchant)
    shop.await_received(1)
    assert task_queue.tasks == []


def test_a_worker_without_a_slot_leaves_what_it_publishes_to_the_queue(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint(merchant, shop.url)
    monkeypatch.setitem(app.extensions, "takers", {})
    after_commit.take_here(app, attempt.TASK, attempt.take)
    app.extensions["webhook_slots"].stop()
    publish(app, merchant)
    assert task_queue.tasks == ["webhooks.deliver"]
    assert shop.received == []
