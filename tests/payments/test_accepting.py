"""Accepting: one payment per external id, for ever, however many ask at once."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from tests.support.fakes import HeldQueue, ScriptedNetwork
from tests.support.merchants import Merchant, answered, payment_request


def test_an_accepted_payment_is_pending_and_rings_a_worker(
    merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    answer = merchant.pay(externalId="order-1042", metadata={"cart": "77"})
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/v1/payments/{answer.json['id']}"
    assert answer.json["status"] == "PENDING"
    assert answer.json["amount"] == "12.50"
    assert task_queue.tasks == ["transfers.submit"]
    assert network.submissions == []


def test_the_same_request_again_replays_the_same_payment(
    merchant: Merchant, network: ScriptedNetwork
) -> None:
    first = merchant.pay(externalId="order-7", msisdn="0963123400", amount="12.5")
    again = merchant.pay(externalId="order-7", msisdn="+260 96 312 3400", amount="12.50")
    assert again.status_code == 200
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["id"] == first.json["id"]


def test_an_empty_list_is_an_empty_map_as_php_writes_it(
    merchant: Merchant, network: ScriptedNetwork
) -> None:
    first = merchant.pay(externalId="order-7", metadata=[])
    assert (first.status_code, first.json["metadata"]) == (202, {})
    again = merchant.pay(externalId="order-7", metadata={})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert merchant.post(f"/payments/{first.json['id']}/cancel", []).status_code == 200
    endpoint = {"url": "http://127.0.0.1:9/hooks", "headers": []}
    made = merchant.post("/webhook-endpoints", endpoint)
    assert made.json["headers"] == {}
    secret = f"/webhook-endpoints/{made.json['id']}/rotate-secret"
    assert merchant.post(secret, []).status_code == 201


def test_a_number_pasted_from_an_address_book_is_the_same_number(
    merchant: Merchant, network: ScriptedNetwork
) -> None:
    pasted = "\u202a+260\u00a096\u2011312\u20113400\u202c"
    assert merchant.pay(msisdn=pasted).json["msisdn"] == "260963123400"


def test_another_request_under_the_same_external_id_is_refused(
    merchant: Merchant, network: ScriptedNetwork
) -> None:
    merchant.pay(externalId="order-7", amount="12.50")
    answer = merchant.pay(externalId="order-7", amount="13.00")
    assert answer.status_code == 422
    assert answer.json["code"] == "external_id_reused"


def test_fifty_at_once_make_one_payment(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    body = payment_request(externalId="order-50")

    def ask(_: int) -> tuple[int, str]:
        one = app.test_client()
        answer = answered(one.post("/api/v1/payments", json=body, headers=merchant.headers()))
        return answer.status_code, answer.json["id"]

    with ThreadPoolExecutor(max_workers=50) as pool:
        answers = list(pool.map(ask, range(50)))
    assert sorted(status for status, _ in answers) == [200] * 49 + [202]
    assert len({payment_id for _, payment_id in answers}) == 1
    assert task_queue.tasks == ["transfers.submit"]


def test_a_broker_that_is_down_costs_nothing(
    merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    task_queue.broken = True
    assert merchant.pay().status_code == 202
