"""When an endpoint is switched off: by 410, by five days of failure, by the merchant."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from flask import Flask

from tests.support.fakes import HeldQueue
from tests.support.merchants import Merchant
from tests.support.receiver import Received, Receiver, Says
from tests.webhooks.given import age_failure, call, endpoint, fail_until, publish, start
from tests.webhooks.rows import deliveries, only_delivery


def is_off(merchant: Merchant, made: Any, reason: str) -> bool:
    shown = merchant.get(f"/webhook-endpoints/{made['id']}").json
    return (shown["enabled"], shown["disabledReason"]) == (False, reason)


def entries(merchant: Merchant, action: str) -> list[Any]:
    log = merchant.get("/audit-log").json["data"]
    return [entry for entry in log if entry["action"] == action]


def test_410_disables_the_endpoint_at_once_and_says_so(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver, second_shop: Receiver
) -> None:
    made = endpoint(merchant, shop.url)
    witness = endpoint(merchant, second_shop.url)
    shop.answer = lambda _: Says(410, b"gone")
    publish(app, merchant)
    task_queue.run_all()
    assert is_off(merchant, made, "it answered 410 Gone")
    sent = [received.verified(witness["secret"]) for received in second_shop.received]
    assert [event["type"] for event in sent] == ["payment.successful", "webhook_endpoint.disabled"]
    reason = {"id": made["id"], "url": shop.url, "reason": "it answered 410 Gone"}
    assert sent[1]["data"] == reason
    assert [event["sequence"] for event in sent] == [1, 2]
    (entry,) = entries(merchant, "webhook_endpoint.disabled")
    assert (entry["subject"], entry["actor"]) == (made["id"], "zampay")
    publish(app, merchant)
    task_queue.run_all()
    assert len(shop.received) == 1


def test_the_reason_stays_when_the_merchant_switches_off_what_is_off_already(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    made = endpoint(merchant, shop.url)
    shop.answer = lambda _: Says(410, b"gone")
    publish(app, merchant)
    task_queue.run_all()
    path = f"/webhook-endpoints/{made['id']}"
    assert call(merchant, "PATCH", path, {"enabled": False}).status_code == 200
    assert is_off(merchant, made, "it answered 410 Gone")


def test_five_days_without_one_success_switch_it_off_and_a_minute_less_does_not(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    made = endpoint(merchant, shop.url)
    shop.answer = lambda _: Says(500)
    publish(app, merchant)
    fail_until(app, task_queue, 1)
    age_failure(app, made["id"], timedelta(days=5) - timedelta(minutes=1))
    fail_until(app, task_queue, 2)
    assert merchant.get(f"/webhook-endpoints/{made['id']}").json["enabled"]
    age_failure(app, made["id"], timedelta(days=5))
    fail_until(app, task_queue, 3)
    assert is_off(merchant, made, "it failed for 5 days")
    assert only_delivery(app).status == "CANCELLED"
    assert len(entries(merchant, "webhook_endpoint.disabled")) == 1
    types = [event["type"] for event in merchant.get("/events").json["data"]]
    assert types == ["payment.successful", "webhook_endpoint.disabled"]


def test_an_endpoint_disabled_twice_has_two_events(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    made = endpoint(merchant, shop.url)
    shop.answer = lambda _: Says(410)
    for _ in range(2):
        publish(app, merchant)
        task_queue.run_all()
        call(merchant, "PATCH", f"/webhook-endpoints/{made['id']}", {"enabled": True})
    assert len(entries(merchant, "webhook_endpoint.disabled")) == 2
    assert [event["sequence"] for event in merchant.get("/events").json["data"]] == [1, 2, 3, 4]


def test_what_is_owed_to_an_endpoint_switched_off_or_removed_is_cancelled(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    off, gone = endpoint(merchant, shop.url), endpoint(merchant, shop.url)
    publish(app, merchant)
    call(merchant, "PATCH", f"/webhook-endpoints/{off['id']}", {"enabled": False})
    assert call(merchant, "DELETE", f"/webhook-endpoints/{gone['id']}").status_code == 204
    rows = deliveries(app)
    assert [row.status for row in rows] == ["CANCELLED", "CANCELLED"]
    for row in rows:
        start(app, row)
    task_queue.run_all()
    assert shop.received == []
    assert is_off(merchant, off, "switched off by the merchant")


def test_enabling_again_starts_anew_and_replay_brings_what_was_missed(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    made = endpoint(merchant, shop.url)
    path = f"/webhook-endpoints/{made['id']}"
    shop.answer = lambda _: Says(410)
    publish(app, merchant)
    task_queue.run_all()
    publish(app, merchant)
    shop.answer = lambda _: Says(200)
    refused = call(merchant, "POST", f"{path}/replay", {"since": "2020-01-01T00:00:00Z"})
    assert (refused.status_code, refused.json["code"]) == (409, "webhook_endpoint_disabled")
    on = call(merchant, "PATCH", path, {"enabled": True}).json
    assert (on["enabled"], on["disabledReason"], on["failingSince"]) == (True, None, None)
    replayed = call(merchant, "POST", f"{path}/replay", {"since": "2020-01-01T00:00:00Z"})
    assert (replayed.status_code, replayed.json) == (202, {"events": 3, "hasMore": False})
    task_queue.run_all()
    numbers = [received.verified(made["secret"])["sequence"] for received in shop.received[1:]]
    assert sorted(numbers) == [1, 2, 3]
    assert {row.status for row in deliveries(app)} == {"DELIVERED"}


def test_disabling_an_endpoint_while_payments_publish_does_not_deadlock(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    """A publisher locks the counter, then needs the endpoint; disabling takes them in turn."""
    made = endpoint(merchant, shop.url)

    def switch_off(received: Received) -> Says:
        return Says(410)

    shop.answer = switch_off
    with ThreadPoolExecutor(6) as workers:
        for _ in range(10):
            merchant.client.patch(
                f"/api/v1/webhook-endpoints/{made['id']}",
                headers=merchant.headers(),
                json={"enabled": True},
            )
            publish(app, merchant)
            rows = [row for row in deliveries(app) if row.status == "PENDING"]
            work: list[Future[Any]] = [workers.submit(start, app, row) for row in rows]
            work += [workers.submit(publish, app, merchant) for _ in range(10)]
            for one in work:
                one.result()
    numbers = [event["sequence"] for event in merchant.get("/events", limit=100).json["data"]]
    assert numbers == list(range(1, len(numbers) + 1))
