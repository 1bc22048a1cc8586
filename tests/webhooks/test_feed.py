"""The feed: gapless numbers under concurrency, pages, resending, replaying."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import HeldQueue
from tests.support.merchants import Merchant
from tests.support.receiver import Receiver, Says
from tests.support.refusals import refusal
from tests.webhooks.given import call, endpoint, publish, run
from tests.webhooks.rows import deliveries, only_delivery
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.webhooks import endpoints
from zampay.webhooks.models import Delivery, Event

PAST = "2020-01-01T00:00:00Z"


def numbers(merchant: Merchant, **query: Any) -> list[int]:
    return [event["sequence"] for event in merchant.get("/events", **query).json["data"]]


def test_pages_follow_each_other_without_gap_or_double(
    app: Flask, merchant: Merchant, task_queue: HeldQueue
) -> None:
    for _ in range(7):
        publish(app, merchant)
    seen: list[int] = []
    while merchant.get("/events", after=len(seen), limit=3).json["hasMore"]:
        seen += numbers(merchant, after=len(seen), limit=3)
    seen += numbers(merchant, after=len(seen), limit=3)
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert numbers(merchant, after=2**63 - 1) == []


@pytest.mark.parametrize(
    "query",
    [{"after": -1}, {"after": 2**63}, {"after": "x"}, {"limit": 0}, {"limit": 101}, {"from": 1}],
)
def test_a_wrong_question_to_the_feed_is_refused(merchant: Merchant, query: dict[str, Any]) -> None:
    refusal(merchant.get("/events", **query), 422, "validation_failed")


def test_each_mode_has_its_own_numbers(
    app: Flask, merchant: Merchant, task_queue: HeldQueue
) -> None:
    for livemode in (True, False, True):
        publish(app, merchant, livemode=livemode)
    assert numbers(merchant) == [1, 2]
    tests = merchant.get("/events", live=False).json["data"]
    assert [(event["sequence"], event["livemode"]) for event in tests] == [(1, False)]


def test_a_rollback_leaves_no_event_and_no_gap(
    app: Flask, merchant: Merchant, task_queue: HeldQueue
) -> None:
    publish(app, merchant)
    with pytest.raises(ZeroDivisionError):
        publish(app, merchant, fails=True)
    publish(app, merchant)
    assert numbers(merchant) == [1, 2]


def test_one_transition_has_one_event(
    app: Flask, merchant: Merchant, task_queue: HeldQueue
) -> None:
    event = publish(app, merchant)
    with pytest.raises(sa.exc.IntegrityError, match="subject_id"):
        publish(app, merchant, payment_id=event.subject_id)
    assert numbers(merchant) == [1]


def test_numbers_are_gapless_and_agree_with_commits_while_many_publish(
    app: Flask, merchant: Merchant, rival: Merchant, task_queue: HeldQueue
) -> None:
    """Readers follow the feed meanwhile: what they have passed must never fill up behind them."""
    done = threading.Event()

    def follow() -> list[int]:
        seen: list[int] = []
        while True:
            last_round = done.is_set()
            with app.app_context(), transaction(merchant.tenant_id) as tx:
                query = sa.select(Event.sequence).where(
                    Event.tenant_id == merchant.tenant_id, Event.sequence > len(seen)
                )
                seen += tx.session.scalars(query.order_by(Event.sequence))
            if last_round:
                return seen

    with ThreadPoolExecutor(6) as threads:
        reader = threads.submit(follow)
        writers = [
            threads.submit(publish, app, whose) for _ in range(100) for whose in (merchant, rival)
        ]
        try:
            for writer in writers:
                writer.result()
        finally:
            done.set()
        assert reader.result() == list(range(1, 101))
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        times = tx.session.scalars(
            sa.select(Event.created_at)
            .where(Event.tenant_id == merchant.tenant_id)
            .order_by(Event.sequence)
        ).all()
    assert times == sorted(times)


def test_an_event_is_found_by_its_id_and_unknown_ones_are_not(
    app: Flask, merchant: Merchant, task_queue: HeldQueue
) -> None:
    event = publish(app, merchant)
    assert merchant.get(f"/events/{event.id}").json["id"] == event.id
    for unknown in ("evt_00000000000000000000000000", "evt_x", "x", "%00", "evt_" + "0" * 300):
        refusal(merchant.get(f"/events/{unknown}"), 404, "event_not_found")


def test_resending_reaches_all_that_listen_and_also_who_had_it(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver, second_shop: Receiver
) -> None:
    endpoint(merchant, shop.url)
    event = publish(app, merchant)
    task_queue.run_all()
    endpoint(merchant, second_shop.url)
    endpoint(merchant, second_shop.url, eventTypes=["payment.failed"])
    answer = merchant.post(f"/events/{event.id}/resend")
    assert (answer.status_code, answer.json) == (202, {"endpoints": 2})
    task_queue.run_all()
    assert (len(shop.received), len(second_shop.received)) == (2, 1)


def test_a_replay_brings_what_failed_or_was_missed_and_nothing_else(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    missed = publish(app, merchant)
    made = endpoint(merchant, shop.url, eventTypes=["payment.successful"])
    publish(app, merchant, event_type="payment.failed")
    had = publish(app, merchant)
    task_queue.run_all()
    shop.answer = lambda _: Says(500)
    failed = publish(app, merchant)
    task_queue.run_all()
    shop.answer = lambda _: Says(200)
    assert [received.id for received in shop.received] == [had.id, failed.id]
    path = f"/webhook-endpoints/{made['id']}/replay"
    assert call(merchant, "POST", path, {"since": PAST}).json == {"events": 2, "hasMore": False}
    task_queue.run_all()
    assert {received.id for received in shop.received[2:]} == {missed.id, failed.id}
    assert len(shop.received) == 4
    assert call(merchant, "POST", path, {"since": PAST}).json["events"] == 0
    (entry, *_) = merchant.get("/audit-log").json["data"]
    assert entry["action"] == "webhook_endpoint.replayed"


def test_a_replay_begins_at_the_time_given(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    publish(app, merchant)
    since = datetime.now(UTC).isoformat()
    later = publish(app, merchant)
    made = endpoint(merchant, shop.url)
    call(merchant, "POST", f"/webhook-endpoints/{made['id']}/replay", {"since": since})
    task_queue.run_all()
    assert [received.id for received in shop.received] == [later.id]


@pytest.mark.parametrize(
    ("since", "wrong"),
    [
        ("yesterday", "must be a time such as 2026-01-31T12:00:00Z"),
        ("1999-12-31T23:59:59Z", "must be between the years 2000 and 2999"),
        ("3000-01-01T00:00:00Z", "must be between the years 2000 and 2999"),
    ],
)
def test_a_replay_from_a_time_that_cannot_be_is_refused_with_the_reason(
    app: Flask, merchant: Merchant, since: str, wrong: str
) -> None:
    path = f"/webhook-endpoints/{endpoint(merchant, 'https://shop.example/')['id']}/replay"
    found = refusal(call(merchant, "POST", path, {"since": since}), 422, "validation_failed")
    assert found["errors"] == [{"field": "since", "message": wrong}]


def test_a_replay_leaves_alone_what_is_under_way(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    made = endpoint(merchant, shop.url)
    publish(app, merchant)
    counts = []

    def replay_meanwhile(_: object) -> Says:
        path = f"/webhook-endpoints/{made['id']}/replay"
        counts.append(call(merchant, "POST", path, {"since": PAST}).json["events"])
        return Says(200)

    shop.answer = replay_meanwhile
    task_queue.run_all()
    assert (counts, only_delivery(app).status) == ([0], "DELIVERED")


def test_a_long_replay_comes_in_parts_and_enqueues_one_message(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(endpoints, "MOST_REPLAYED", 30)
    for _ in range(50):
        publish(app, merchant)
    made = endpoint(merchant, shop.url)
    path = f"/webhook-endpoints/{made['id']}/replay"
    assert call(merchant, "POST", path, {"since": PAST}).json == {"events": 30, "hasMore": True}
    assert task_queue.tasks == ["webhooks.deliver"]
    task_queue.run_all()
    assert call(merchant, "POST", path, {"since": PAST}).json == {"events": 20, "hasMore": False}
    task_queue.run_all()
    assert len({received.id for received in shop.received}) == len(shop.received) == 50


def test_the_delivery_log_is_purged_after_thirty_days_and_the_feed_is_kept(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    endpoint(merchant, shop.url)
    young, old, asked_again, owed = (publish(app, merchant) for _ in range(4))
    task_queue.run_all()
    age(app, old.id, created=31, attempted=31)
    age(app, asked_again.id, created=31, attempted=1)
    age(app, owed.id, created=31, attempted=31, status="PENDING", due_at=sa.func.now())
    run(app, "webhooks.purge")
    left = {row.event_id for row in deliveries(app)}
    assert left == {young.id, asked_again.id, owed.id}
    assert numbers(merchant) == [1, 2, 3, 4]


def age(app: Flask, event_id: str, *, created: int, attempted: int, **more: object) -> None:
    """Move the past of a delivery back by so many days."""
    row = {
        "created_at": sa.func.now() - timedelta(days=created),
        "last_attempt_at": sa.func.now() - timedelta(days=attempted),
        **more,
    }
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.update(Delivery).where(Delivery.event_id == event_id).values(row))
