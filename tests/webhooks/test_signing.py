"""What merchants get is Standard Webhooks, as the reference library of its authors verifies it."""

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask
from standardwebhooks import WebhookVerificationError

from tests.support.fakes import HeldQueue
from tests.support.merchants import Merchant
from tests.support.receiver import Receiver
from tests.webhooks.given import call, end_overlap, endpoint, publish
from zampay.infra.database.db import EVERY_TENANT, transaction


def test_a_webhook_verifies_and_says_what_the_feed_says(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    secret = endpoint(merchant, shop.url)["secret"]
    event = publish(app, merchant)
    task_queue.run_all()
    (received,) = shop.received
    body = received.verified(secret)
    assert received.id == event.id == body["id"]
    assert body == merchant.get(f"/events/{event.id}").json
    assert body == merchant.get("/events").json["data"][0]
    assert (body["sequence"], body["type"], body["livemode"]) == (1, "payment.successful", True)
    assert body["data"]["payerMessage"] == "Zikomo \N{HEAVY BLACK HEART}"
    assert received.headers["content-type"] == "application/json"


def test_a_changed_body_id_or_time_does_not_verify(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    secret = endpoint(merchant, shop.url)["secret"]
    publish(app, merchant)
    task_queue.run_all()
    (received,) = shop.received
    for name, forged in {"webhook-id": "evt_other", "webhook-timestamp": "1"}.items():
        with pytest.raises(WebhookVerificationError):
            replace(received, headers=received.headers | {name: forged}).verified(secret)
    changed = received.body.replace(b"successful", b"failed")
    with pytest.raises(WebhookVerificationError):
        replace(received, body=changed).verified(secret)


def test_during_the_overlap_both_secrets_verify_and_afterwards_only_the_new_one(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    made = endpoint(merchant, shop.url)
    rotated = call(merchant, "POST", f"/webhook-endpoints/{made['id']}/rotate-secret", {})
    assert rotated.status_code == 201
    old, new = made["secret"], rotated.json["secret"]
    assert old != new
    publish(app, merchant)
    task_queue.run_all()
    assert shop.received[0].verified(old) == shop.received[0].verified(new)
    end_overlap(app)
    publish(app, merchant)
    task_queue.run_all()
    assert shop.received[1].verified(new)
    with pytest.raises(WebhookVerificationError):
        shop.received[1].verified(old)


def test_a_rotation_without_overlap_ends_the_old_secret_at_once(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    made = endpoint(merchant, shop.url)
    path = f"/webhook-endpoints/{made['id']}/rotate-secret"
    assert call(merchant, "POST", path, {"overlapHours": 0}).status_code == 201
    publish(app, merchant)
    task_queue.run_all()
    with pytest.raises(WebhookVerificationError):
        shop.received[0].verified(made["secret"])


def test_every_try_of_an_event_carries_the_same_id_and_body(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    secret = endpoint(merchant, shop.url)["secret"]
    event = publish(app, merchant)
    task_queue.run_all()
    call(merchant, "POST", f"/events/{event.id}/resend")
    task_queue.run_all()
    first, second = shop.received
    assert (first.id, first.body) == (second.id, second.body)
    assert second.verified(secret)


def test_a_merchant_s_own_headers_are_sent_along(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    endpoint(merchant, shop.url, headers={"Authorization": "Basic c2hvcA==", "X-Shop": "7"})
    publish(app, merchant)
    task_queue.run_all()
    headers = shop.received[0].headers
    assert (headers["authorization"], headers["x-shop"]) == ("Basic c2hvcA==", "7")


def test_a_test_event_is_sent_at_once_signed_and_shown_with_its_answer(
    app: Flask, merchant: Merchant, shop: Receiver
) -> None:
    made = endpoint(merchant, shop.url, eventTypes=["payment.failed"])
    answer = call(merchant, "POST", f"/webhook-endpoints/{made['id']}/test")
    assert answer.status_code == 200
    assert answer.json["latencyMs"] >= 0
    wanted = {"delivered": True, "answerStatus": 200, "answerText": "thank you"}
    assert {name: answer.json[name] for name in wanted} == wanted
    body = shop.received[0].verified(made["secret"])
    assert (body["type"], body["sequence"]) == ("webhook_endpoint.test", None)
    assert merchant.get("/events").json == {"data": [], "hasMore": False}


def test_a_secret_is_shown_once_and_stored_encrypted(
    app: Flask, merchant: Merchant, shop: Receiver
) -> None:
    made = endpoint(merchant, shop.url)
    assert made["secret"].startswith("whsec_")
    shown = [
        call(merchant, "GET", f"/webhook-endpoints/{made['id']}").text,
        call(merchant, "GET", "/webhook-endpoints").text,
        call(merchant, "PATCH", f"/webhook-endpoints/{made['id']}", {"description": "x"}).text,
        merchant.get("/audit-log").text,
    ]
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        rows = tx.session.execute(sa.text("SELECT row_to_json(e) FROM webhook_endpoints e"))
        shown.append(json.dumps([row[0] for row in rows]))
    bare = made["secret"].removeprefix("whsec_")
    assert not [text for text in shown if bare in text or '"secret"' in text]
