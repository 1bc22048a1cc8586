"""How many attempts at once: few per endpoint, and a server that hangs delays nobody else."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from flask import Flask

from tests.support.fakes import HeldQueue, Inline
from tests.support.merchants import Merchant
from tests.support.receiver import Receiver, Says, receiver
from tests.webhooks.given import (
    answered_once,
    endpoint,
    fail_until,
    hang,
    keep_busy,
    publish,
    run,
    start,
)
from tests.webhooks.rows import deliveries, due, only_delivery, stored_endpoint
from zampay.webhooks.delivery import concurrency, lease
from zampay.webhooks.delivery.concurrency import Held, Slots

HANGING = 12


def test_two_workers_on_the_same_row_make_one_attempt(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    endpoint(merchant, shop.url)
    publish(app, merchant)
    row = only_delivery(app)
    together = threading.Barrier(8)

    def worker() -> None:
        together.wait(10)
        start(app, row)

    with ThreadPoolExecutor(8) as workers:
        for attempt in [workers.submit(worker) for _ in range(8)]:
            attempt.result()
    assert len(shop.received) == 1
    assert (only_delivery(app).attempts, only_delivery(app).status) == (1, "DELIVERED")


def test_an_endpoint_has_few_attempts_at_once_and_the_end_of_one_takes_the_next(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    threads: None,
    let_go: threading.Event,
) -> None:
    keep_busy(app, merchant, task_queue, shop, let_go, owed=7)
    run(app, "webhooks.sweep")
    assert sum(row.leased_until is not None for row in deliveries(app)) == 4
    let_go.set()
    shop.await_received(8)
    assert len({received.id for received in shop.received}) == 8


def test_an_endpoint_that_has_not_answered_yet_gets_one_at_a_time(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    threads: None,
    let_go: threading.Event,
) -> None:
    endpoint(merchant, shop.url)
    hang(shop, let_go)
    for _ in range(3):
        publish(app, merchant)
    task_queue.run_all()
    shop.await_received(1)
    assert sum(row.leased_until is not None for row in deliveries(app)) == 1
    assert due(app) == []


def test_a_failing_endpoint_gets_one_at_a_time(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    threads: None,
    let_go: threading.Event,
) -> None:
    made = endpoint(merchant, shop.url)
    shop.answer = lambda _: Says(500)
    publish(app, merchant)
    task_queue.run_all()
    while stored_endpoint(app, made["id"]).failing_since is None:
        shop.await_received(1)
    hang(shop, let_go)
    for _ in range(3):
        publish(app, merchant)
    task_queue.run_all()
    shop.await_received(2)
    assert sum(row.leased_until is not None for row in deliveries(app)) == 1
    assert due(app) == []


def test_while_many_hang_a_healthy_endpoint_gets_events_within_a_second(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    threads: None,
    let_go: threading.Event,
    record_property: Callable[[str, object], None],
) -> None:
    """Twelve endpoints of another tenant with five events each hang; ours is new as well."""
    with ExitStack() as open_shops:
        dead = [open_shops.enter_context(receiver()) for _ in range(HANGING)]
        for one in dead:
            hang(one, let_go)
            endpoint(rival, one.url)
        for _ in range(5):
            publish(app, rival)
        task_queue.run_all()
        for one in dead:
            one.await_received(1)
        endpoint(merchant, shop.url)
        delays_s = []
        for count in range(1, 6):
            publish(app, merchant)
            began_s = time.monotonic()
            task_queue.run_all()
            delays_s.append(shop.await_received(count)[-1].at_s - began_s)
        let_go.set()
    record_property("delays_s", delays_s)
    assert max(delays_s) < 1, delays_s


def test_an_endpoint_without_a_slot_gets_the_next_one_before_a_backlog_goes_on(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    second_shop: Receiver,
    threads: None,
    let_go: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(concurrency, "PER_TENANT", 4)
    first_four = threading.Event()
    answered_once(app, merchant, task_queue, shop)
    shop.answer = lambda _: Says(when=first_four if len(shop.received) <= 5 else let_go)
    for _ in range(10):
        publish(app, merchant)
    task_queue.run_all()
    shop.await_received(5)
    endpoint(merchant, second_shop.url, eventTypes=["payment.failed"])
    publish(app, merchant, event_type="payment.failed")
    task_queue.run_all()
    assert second_shop.received == []
    first_four.set()
    second_shop.await_received(1)
    let_go.set()
    shop.await_received(12)


def test_hanging_endpoints_of_one_tenant_leave_slots_for_others() -> None:
    slots = Slots(Flask("test"))
    assert all(slots.take("ten_a", unproven=False) for _ in range(16))
    assert not slots.take("ten_a", unproven=False)
    assert slots.take("ten_b", unproven=True)
    slots.give_back("ten_a", unproven=False)
    assert slots.take("ten_a", unproven=False)


def test_unproven_endpoints_of_many_tenants_leave_half_of_the_slots() -> None:
    slots = Slots(Flask("test"))
    unproven = sum(slots.take(f"ten_{n}", unproven=True) for n in range(100))
    others = sum(slots.take(f"ten_{n}", unproven=False) for n in range(100))
    assert (unproven, others, slots.may_take("ten_new")) == (32, 32, False)
    slots.give_back("ten_1", unproven=True)
    assert slots.take("ten_1", unproven=True)


@pytest.mark.parametrize("unproven", [True, False])
def test_a_slot_is_given_back_when_its_attempt_ends_or_when_none_was_made(
    app: Flask, *, unproven: bool
) -> None:
    slots, ended = Slots(app, Inline()), list[None]()

    def fail() -> None:
        raise ZeroDivisionError

    for attempt in (None, lambda: None, fail):
        with suppress(ZeroDivisionError), Held(slots, "ten_1") as held:
            assert held.take(2, unproven=unproven) == 2
            if attempt is not None:
                held.run(attempt, ended.append)
    assert ended == [None, None]
    most = concurrency.UNPROVEN_PER_TENANT if unproven else concurrency.PER_TENANT
    assert [slots.take("ten_1", unproven=unproven) for _ in range(most)] == [True] * most
    with Held(slots, "ten_1") as held:
        assert not held.take(unproven=unproven)
    assert not slots.take("ten_1", unproven=unproven), "what was not taken is not given back"


def test_an_endpoint_is_unproven_until_it_has_answered_quickly(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    made = endpoint(merchant, shop.url)
    slots = app.extensions["webhook_slots"]
    for n in range(concurrency.UNPROVEN):
        assert slots.take(f"ten_{n}", unproven=True)
    publish(app, merchant)
    task_queue.run_all()
    assert shop.received == [], "an endpoint that has not answered yet is unproven"
    for n in range(concurrency.UNPROVEN):
        slots.give_back(f"ten_{n}", unproven=True)
    run(app, "webhooks.sweep")
    task_queue.run_all()
    assert len(shop.received) == 1
    for n in range(concurrency.UNPROVEN):
        assert slots.take(f"ten_{n}", unproven=True)
    publish(app, merchant)
    task_queue.run_all()
    assert len(shop.received) == 2
    assert stored_endpoint(app, made["id"]).latency_ms is not None


def test_the_sweep_takes_healthy_endpoints_first_and_none_beyond_its_room(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver, second_shop: Receiver
) -> None:
    failing = endpoint(merchant, shop.url, eventTypes=["payment.failed"])
    shop.answer = lambda _: Says(500)
    publish(app, merchant, event_type="payment.failed")
    fail_until(app, task_queue, 1)
    healthy = endpoint(merchant, second_shop.url, eventTypes=["payment.successful"])
    for _ in range(6):
        publish(app, merchant, event_type="payment.failed")
        publish(app, merchant)
    assert [endpoint_id for endpoint_id, _ in due(app)] == [healthy["id"], failing["id"]]


def test_a_host_that_may_be_somebody_elses_gets_so_many_attempts_over_all_merchants(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    threads: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lease, "UNPROVEN_PER_HOST", "1/minute")
    endpoint(merchant, shop.url)
    endpoint(rival, shop.url.replace("127.0.0.1", "127.1"))
    publish(app, merchant)
    task_queue.run_all()
    shop.await_received(1)
    publish(app, rival)
    task_queue.run_all()
    (later,) = [row for row in deliveries(app) if row.tenant_id == rival.tenant_id]
    assert (later.status, later.attempts, later.leased_until) == ("PENDING", 0, None)
    assert later.due_at is not None
    assert 0 < (later.due_at - later.created_at).total_seconds() <= 61
    assert len(shop.received) == 1


def test_a_tenant_cannot_take_every_slot_for_unproven_endpoints(app: Flask) -> None:
    slots = Slots(app)
    held = [slots.take("ten_1", unproven=True) for _ in range(concurrency.PER_TENANT)]
    assert held.count(True) == concurrency.UNPROVEN_PER_TENANT
    assert slots.take("ten_2", unproven=True)
