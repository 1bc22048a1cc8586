"""The document's examples are what the gateway answers: the same members, of the same kinds."""

from typing import Any

from flask.testing import FlaskClient

from tests.support.fakes import ScriptedNetwork
from tests.support.merchants import BASE, Merchant
from tests.support.objects import objects_of
from tests.support.openapi_document import operations, resolved
from tests.support.wallets import credentials, wanted_wallet
from zampay.payments import examples

OPERATIONS = {operation["operationId"]: operation for _, _, operation in operations()}
FREE = {"metadata", "headers", "details"}
"""Members whose own members are a merchant's choice, or differ by what is told."""


def shape(value: Any) -> Any:
    """The members of an object and, of a list, those of its first; null stands for any kind."""
    if isinstance(value, dict):
        return {name: ... if name in FREE else shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value[:1]]
    return None if value is None else type(value)


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return all(alike(*pair) for pair in zip(one, other, strict=False))
    return one is None or other is None or one == other


def shown(operation_id: str, status: int = 200) -> Any:
    answer = resolved(OPERATIONS[operation_id]["responses"][str(status)])
    content = answer["content"]["application/json"]
    return content["example"] if "example" in content else content["examples"]["paid"]["value"]


READS = {
    "getPayment": "/payments/{payment_id}",
    "listPayments": "/payments",
    "getPaymentHistory": "/payments/{payment_id}/events",
    "explainPayment": "/payments/{payment_id}/explain",
    "listApiKeys": "/api-keys",
    "getApiKey": "/api-keys/{key_id}",
    "listAuditLog": "/audit-log",
    "listWebhookEndpoints": "/webhook-endpoints",
    "getWebhookEndpoint": "/webhook-endpoints/{endpoint_id}",
    "listDeliveries": "/webhook-endpoints/{endpoint_id}/deliveries",
    "listNetworks": "/networks",
    "getAccountHolder": "/account-holders/0963123400",
    "listEvents": "/events",
    "getEvent": "/events/{event_id}",
}


def test_an_example_is_what_is_read(merchant: Merchant) -> None:
    ids = objects_of(merchant, live=False)
    for operation_id, path in READS.items():
        answer = merchant.get(path.format(**ids), live=False)
        assert answer.status_code == 200, operation_id
        assert alike(shape(answer.json), shape(shown(operation_id))), operation_id


WALLETS = {name for name in OPERATIONS if "Wallet" in name}
MAKES = {
    "createPayment": (
        "/payments",
        {"externalId": "order-7", "amount": "1.00", "msisdn": "0963123400"},
        202,
    ),
    "createApiKey": ("/api-keys", {"name": "Shop"}, 201),
    "rotateApiKey": ("/api-keys/{key_id}/rotate", None, 201),
    "createWebhookEndpoint": ("/webhook-endpoints", {"url": "http://127.0.0.1:9/hooks"}, 201),
    "rotateWebhookSecret": ("/webhook-endpoints/{endpoint_id}/rotate-secret", None, 201),
    "testWebhookEndpoint": ("/webhook-endpoints/{endpoint_id}/test", None, 200),
    "replayEvents": (
        "/webhook-endpoints/{endpoint_id}/replay",
        {"since": "2026-11-27T00:00:00Z"},
        202,
    ),
    "resendEvent": ("/events/{event_id}/resend", None, 202),
    "cancelPayment": ("/payments/{payment_id}/cancel", None, 200),
}


def test_an_example_is_what_is_answered(merchant: Merchant) -> None:
    ids = objects_of(merchant, live=False)
    for operation_id, (path, body, status) in MAKES.items():
        answer = merchant.post(path.format(**ids), body, live=False)
        assert answer.status_code == status, operation_id
        assert alike(shape(answer.json), shape(shown(operation_id, status))), operation_id


def test_the_example_of_registering_is_what_is_answered(client: FlaskClient) -> None:
    body = {"businessName": "Kalulu Books", "email": "owner@kalulu.example"}
    answer = client.post(f"{BASE}/auth/register", json=body)
    assert alike(shape(answer.json), shape(shown("register", 201)))


def test_the_example_of_finishing_is_what_is_answered(merchant: Merchant) -> None:
    payment_id = merchant.pay(live=False).json["id"]
    body = {"status": "SUCCESSFUL"}
    answer = merchant.post(f"/test/payments/{payment_id}/finish", body, live=False)
    assert answer.status_code == 200
    assert alike(shape(answer.json), shape(shown("finishTestPayment")))


def test_the_examples_of_wallets_are_what_is_answered(
    merchant: Merchant, network: ScriptedNetwork
) -> None:
    made = merchant.post("/wallets", wanted_wallet())
    path = f"/wallets/{made.json['id']}"
    changed = {"credentials": credentials()}
    answers = {
        "createWallet": made,
        "verifyWallet": merchant.post(f"{path}/verify"),
        "listWallets": merchant.get("/wallets"),
        "getWallet": merchant.get(path),
        "replaceWalletCredentials": merchant.put(f"{path}/credentials", changed),
        "getWalletBalance": merchant.get(f"{path}/balance"),
        "disableWallet": merchant.post(f"{path}/disable"),
    }
    for operation_id, answer in answers.items():
        assert answer.status_code == (201 if operation_id == "createWallet" else 200)
        example = shown(operation_id, answer.status_code)
        assert alike(shape(answer.json), shape(example)), operation_id
    assert set(answers) == WALLETS


def test_each_operation_that_answers_with_a_body_is_tried_here() -> None:
    with_a_body = {
        name
        for name, operation in OPERATIONS.items()
        if any("content" in operation["responses"].get(str(one), {}) for one in (200, 201, 202))
    }
    alone = {"register", "updateWebhookEndpoint", "finishTestPayment", *WALLETS}
    assert with_a_body - {*READS, *MAKES, *alone} == set()


def test_a_payment_that_failed_looks_like_its_example(merchant: Merchant) -> None:
    objects_of(merchant, live=False)
    page = merchant.get("/payments", live=False, status="FAILED").json
    assert alike(shape(page["data"][0]), shape(examples.FAILED))
    assert page["data"][0]["failure"]
