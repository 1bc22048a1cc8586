"""One attempt at a time, recorded; what fails is tried again by the schedule, until its end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask

from tests.infra.rows import until_somebody_waits
from tests.support.fakes import HeldQueue
from tests.support.log_lines import captured, the_line
from tests.support.merchants import Merchant
from tests.support.receiver import Receiver, Says
from tests.webhooks.given import (
    answered_once,
    endpoint,
    fail_until,
    publish,
    pull_forward,
    run,
    start,
)
from tests.webhooks.rows import deliveries, only_delivery, stored_endpoint
from zampay.infra.database.db import transaction
from zampay.kernel.backoff import JITTER
from zampay.webhooks.delivery import concurrency, lease, outcome, queries
from zampay.webhooks.delivery.concurrency import Held
from zampay.webhooks.delivery.lease import Lease
from zampay.webhooks.models import Delivery

WRITTEN = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)


def leases(app: Flask, row: Delivery) -> list[Lease]:
    """What a worker leases for the endpoint of this delivery; it dies before it sends any."""
    with (
        app.app_context(),
        Held(concurrency.slots(), row.tenant_id) as held,
        transaction(row.tenant_id) as tx,
    ):
        found = queries.lock_and_record(tx, row.endpoint_id)
        assert found is not None
        return lease.take(tx, held, found)


def wait_after(row_due_at: datetime | None, attempted_at: datetime | None) -> timedelta:
    assert row_due_at is not None
    assert attempted_at is not None
    return row_due_at - attempted_at


def test_any_2xx_is_delivered_and_never_sent_again(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    shop.answer = lambda _: Says(204, b"")
    endpoint(merchant, shop.url)
    publish(app, merchant)
    task_queue.run_all()
    row = only_delivery(app)
    assert (row.status, row.attempts, row.due_at, row.answer_status) == ("DELIVERED", 1, None, 204)
    assert row.delivered_at is not None
    start(app, row)
    run(app, "webhooks.sweep")
    task_queue.run_all()
    assert len(shop.received) == 1


def test_failures_come_again_by_the_written_schedule_with_jitter(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    shop.answer = lambda _: Says(500, b"down")
    endpoint(merchant, shop.url)
    publish(app, merchant)
    task_queue.run_all()
    waits = []
    for attempt, step in enumerate(WRITTEN, start=1):
        row = fail_until(app, task_queue, attempt)
        assert row.status == "PENDING"
        wait = wait_after(row.due_at, row.last_attempt_at)
        assert step * (1 - JITTER) <= wait <= step * (1 + JITTER) + timedelta(seconds=5)
        waits.append(wait / step)
    assert any(abs(ratio - 1) > 0.01 for ratio in waits[1:]), "without jitter all wake at once"
    last = fail_until(app, task_queue, 10)
    assert (last.status, last.due_at, last.answer_text) == ("EXHAUSTED", None, "down")
    assert len(shop.received) == 10
    assert len({received.id for received in shop.received}) == 1
    pull_forward(app)
    start(app, last)
    assert len(shop.received) == 10


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    second_shop: Receiver,
    status: int,
) -> None:
    shop.answer = lambda _: Says(status, b"", {"Location": second_shop.url})
    endpoint(merchant, shop.url)
    publish(app, merchant)
    task_queue.run_all()
    row = only_delivery(app)
    assert (row.status, row.answer_status, row.attempts) == ("PENDING", status, 1)
    assert (len(shop.received), len(second_shop.received)) == (1, 0)


RETRY_AFTER = {
    "seconds": ("7200", timedelta(hours=2), timedelta(hours=2)),
    "a moment, which is less than the schedule": ("1", timedelta(seconds=4), timedelta(seconds=6)),
    "a date": ("Fri, 31 Dec 2199 23:59:59 GMT", timedelta(days=1), timedelta(days=1)),
    "a date that has passed": (
        "Fri, 31 Dec 1999 23:59:59 GMT",
        timedelta(seconds=4),
        timedelta(seconds=6),
    ),
    "for ever": ("9" * 400, timedelta(days=1), timedelta(days=1)),
    "longer than a duration can be": ("99999999999999", timedelta(days=1), timedelta(days=1)),
    "nonsense": ("soon", timedelta(seconds=4), timedelta(seconds=6)),
    "a negative number": ("-5", timedelta(seconds=4), timedelta(seconds=6)),
}


@pytest.mark.parametrize("case", RETRY_AFTER)
def test_retry_after_is_honoured_up_to_a_day(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver, case: str
) -> None:
    asked, least, most = RETRY_AFTER[case]
    shop.answer = lambda _: Says(503, b"", {"Retry-After": asked})
    endpoint(merchant, shop.url)
    publish(app, merchant)
    task_queue.run_all()
    row = only_delivery(app)
    wait = wait_after(row.due_at, row.last_attempt_at)
    assert least <= wait <= most + timedelta(seconds=5)


def test_an_attempt_is_leased_for_longer_than_it_can_take(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    endpoint(merchant, shop.url)
    publish(app, merchant)
    row = only_delivery(app)
    (leased,) = leases(app, row)
    assert timedelta(seconds=20) <= leased.until - leased.at <= timedelta(seconds=60)
    start(app, row)
    run(app, "webhooks.sweep")
    task_queue.run_all()
    assert shop.received == []


def test_two_processes_lease_no_more_than_the_endpoint_has_room_for(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    answered_once(app, merchant, task_queue, shop)
    for _ in range(8):
        publish(app, merchant)
    row = deliveries(app)[-1]
    with ThreadPoolExecutor(1) as other:
        with app.app_context(), transaction(row.tenant_id) as tx:
            found = queries.lock_and_record(tx, row.endpoint_id)
            assert found is not None
            assert len(queries.lease(tx, found, most=4, until=tx.now + lease.LEASE)) == 4
            late = other.submit(leases, app, row)
            until_somebody_waits(app)
        assert late.result() == []


def test_a_crash_between_the_answer_and_the_record_sends_the_same_event_again(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint(merchant, shop.url)
    publish(app, merchant)
    with monkeypatch.context() as death:
        death.setattr(outcome, "record", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            start(app, only_delivery(app))
    assert (only_delivery(app).status, only_delivery(app).attempts) == ("PENDING", 1)
    pull_forward(app)
    task_queue.run_all()
    assert only_delivery(app).status == "DELIVERED"
    first, second = shop.received
    assert (first.id, first.body) == (second.id, second.body)


def test_a_record_that_fails_is_logged_with_its_delivery_and_frees_the_slot(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint(merchant, shop.url)
    publish(app, merchant)
    slots = concurrency.Slots(app, threads := ThreadPoolExecutor(1))
    monkeypatch.setitem(app.extensions, "webhook_slots", slots)
    monkeypatch.setattr(outcome, "record", lambda *_: 1 // 0)
    with captured() as lines:
        task_queue.run_all()
        threads.shutdown()
    line = the_line(lines, "task_failed")
    assert (line["task"], line["delivery_id"]) == ("webhooks.deliver", only_delivery(app).id)
    tenant_id = merchant.tenant_id
    most = concurrency.UNPROVEN_PER_TENANT
    assert [slots.take(tenant_id, unproven=True) for _ in range(most)] == [True] * most


def test_a_late_record_does_not_touch_what_was_asked_for_again(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    endpoint(merchant, shop.url)
    event = publish(app, merchant)

    def ask_again_once(_: object) -> Says:
        if len(shop.received) == 1:
            merchant.post(f"/events/{event.id}/resend")
        return Says(200 + len(shop.received))

    shop.answer = ask_again_once
    start(app, only_delivery(app))
    row = only_delivery(app)
    assert (row.status, row.attempts, row.answer_status) == ("DELIVERED", 1, 202)
    assert len(shop.received) == 2


def test_the_sweep_finds_what_lost_messages_were_about(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    endpoint(merchant, shop.url)
    for _ in range(5):
        publish(app, merchant)
    task_queue.lose_all()
    run(app, "webhooks.sweep")
    assert [row.status for row in deliveries(app)] == ["DELIVERED"] * 5


def test_a_message_for_an_unknown_endpoint_is_tolerated(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    endpoint(merchant, shop.url)
    publish(app, merchant)
    (enqueue,) = task_queue.held
    for wrong in ({"endpoint_id": "whe_unknown"}, {"tenant_id": "ten_unknown"}):
        task_queue.run(type(enqueue)(enqueue.task, enqueue.arguments | wrong))
    assert shop.received == []


def test_an_endpoint_gets_only_the_types_it_asked_for(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    endpoint(merchant, shop.url, eventTypes=["payment.failed", "payment.in_review"])
    for kind in ("payment.processing", "payment.failed", "payment.successful", "payment.in_review"):
        publish(app, merchant, event_type=kind)
    task_queue.run_all()
    assert [b'"payment.failed"' in received.body for received in shop.received] == [True, False]
    assert len(shop.received) == 2


def test_success_ends_the_failing_of_an_endpoint(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    shop.answer = lambda _: Says(500)
    made = endpoint(merchant, shop.url)
    publish(app, merchant)
    fail_until(app, task_queue, 1)
    failing = merchant.get(f"/webhook-endpoints/{made['id']}").json
    assert failing["failingSince"] is not None
    shop.answer = lambda _: Says(200)
    fail_until(app, task_queue, 2)
    assert only_delivery(app).status == "DELIVERED"
    assert stored_endpoint(app, made["id"]).failing_since is None
