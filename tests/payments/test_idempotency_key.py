"""The Idempotency-Key: optional beside externalId, bound to one request, for ever."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from flask import Flask

import config
from tests.support.fakes import HeldQueue, ScriptedNetwork
from tests.support.merchants import BASE, Answer, Merchant, answered, payment_request
from tests.support.refusals import refusal
from tests.support.tables import contents, row_counts

pytestmark = pytest.mark.usefixtures("network")


def pay(merchant: Merchant, key: str, *, live: bool = True, **changes: Any) -> Answer:
    headers = {"Idempotency-Key": key}
    return merchant.post("/payments", payment_request(**changes), live=live, headers=headers)


def test_the_same_key_and_request_replay(merchant: Merchant, task_queue: HeldQueue) -> None:
    first = pay(merchant, "key-1", externalId="order-1")
    again = pay(merchant, "key-1", externalId="order-1")
    assert (first.status_code, again.status_code) == (202, 200)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert again.json == first.json
    assert task_queue.tasks == ["transfers.submit"]


@pytest.mark.parametrize(
    "change",
    [
        {"externalId": "order-2"},
        {"externalId": "order-2", "amount": "99.00"},
        {"externalId": "order-2", "msisdn": "260963123499"},
        {"externalId": "order-2", "metadata": {"a": "b"}},
    ],
    ids=str,
)
def test_the_key_with_another_request_is_refused_and_leaves_nothing(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, change: dict[str, Any]
) -> None:
    pay(merchant, "key-1", externalId="order-1")
    task_queue.lose_all()
    before = contents(app)
    refusal(pay(merchant, "key-1", **change), 422, "idempotency_key_reused")
    assert contents(app) == before
    assert task_queue.tasks == []


def test_another_request_under_one_external_id_is_refused_whatever_the_key(
    app: Flask, merchant: Merchant
) -> None:
    pay(merchant, "key-1", externalId="order-1")
    before = contents(app)
    for key in ("key-1", "key-2"):
        answer = pay(merchant, key, externalId="order-1", amount="99.00")
        refusal(answer, 422, "external_id_reused")
    assert contents(app) == before


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "12.51"},
        {"msisdn": "260963123499"},
        {"payerMessage": "other"},
        {"payeeNote": "other"},
        {"metadata": {"cart": "78"}},
        {"metadata": {}},
    ],
    ids=str,
)
def test_every_field_belongs_to_the_request(merchant: Merchant, change: dict[str, Any]) -> None:
    body: dict[str, Any] = {"externalId": "order-1", "metadata": {"cart": "77"}}
    assert merchant.pay(**body).status_code == 202
    refusal(merchant.pay(**{**body, **change}), 422, "external_id_reused")


def test_what_means_the_same_is_the_same_request(merchant: Merchant) -> None:
    body: dict[str, Any] = {"externalId": "order-1", "metadata": {"a": "1", "b": "2"}}
    first = merchant.pay(**body)
    same: dict[str, Any]
    for same in (
        {"amount": "12.5"},
        {"msisdn": "0963123400"},
        {"provider": "MTN"},
        {"currency": "ZMW", "payerMessage": ""},
        {"metadata": {"b": "2", "a": "1"}},
    ):
        again = merchant.pay(**{**body, **same})
        assert (again.status_code, again.json["id"]) == (200, first.json["id"]), same


def test_a_replay_tells_how_the_payment_stands_now(
    merchant: Merchant, task_queue: HeldQueue
) -> None:
    assert pay(merchant, "key-1", externalId="order-1").json["status"] == "PENDING"
    task_queue.run_all()
    assert pay(merchant, "key-1", externalId="order-1").json["status"] == "PROCESSING"


def test_keys_belong_to_a_tenant_and_a_mode(merchant: Merchant, rival: Merchant) -> None:
    answers = [
        pay(merchant, "key-1", externalId="order-1"),
        pay(merchant, "key-1", externalId="order-2", live=False),
        pay(rival, "key-1", externalId="order-3"),
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 202]


def test_a_key_survives_the_loss_of_redis(
    app: Flask, merchant: Merchant, settings: config.Config
) -> None:
    first = pay(merchant, "key-1", externalId="order-1")
    with redis.Redis.from_url(settings.redis_url) as server:
        server.flushall()
    assert pay(merchant, "key-1", externalId="order-1").json["id"] == first.json["id"]
    refusal(pay(merchant, "key-1", externalId="order-2"), 422, "idempotency_key_reused")
    assert row_counts(app)["transfers"] == 1


def test_twenty_requests_with_one_key_at_once_make_one_payment(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    headers = {**merchant.headers(), "Idempotency-Key": "key-1"}

    def ask(number: int) -> tuple[int, str]:
        body = payment_request(externalId=f"order-{number}-at-once")
        answer = answered(app.test_client().post(f"{BASE}/payments", json=body, headers=headers))
        return answer.status_code, answer.json.get("code", "accepted")

    with ThreadPoolExecutor(max_workers=20) as pool:
        answers = list(pool.map(ask, range(20)))
    assert sorted(answers) == [(202, "accepted"), *[(422, "idempotency_key_reused")] * 19]
    assert row_counts(app)["transfers"] == 1
    assert task_queue.tasks == ["transfers.submit"]
