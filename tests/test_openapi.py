"""The document is the one that is committed, leaves no route out, and tells every refusal."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dev.openapi import DOCUMENT, text
from tests.support.merchants import BASE, Merchant, answered, payment_request
from tests.support.openapi_document import API, resolved
from zampay.providers.failures import FailureCode, Retry
from zampay.tenants.auth import TENANT_HEADER
from zampay.transfers.states import Evidence, NextAction, Status
from zampay.webhooks import event_types
from zampay.webhooks.models import STATUSES

OPEN = {("post", f"{BASE}/auth/register")}
OPERATIONS = [
    (method, path)
    for path, operations in API["paths"].items()
    for method in operations
    if method != "parameters"
]


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = API["paths"][path][method]
    return found


def test_the_served_document_is_the_committed_one(client: FlaskClient) -> None:
    served = text(answered(client.get("/api/openapi.json")).json)
    assert served == DOCUMENT.read_text(encoding="utf-8"), "write it: make openapi"


def test_every_route_of_the_api_is_in_the_document(app: Flask) -> None:
    routed = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(BASE) and not rule.rule.startswith(f"{BASE}/callbacks/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routed == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), sorted(set(OPERATIONS) - OPEN))
def test_an_operation_asks_for_the_key_and_the_tenant(method: str, path: str) -> None:
    found = operation(method, path)
    assert found["security"] == [{"apiKey": [], "tenant": []}]
    assert {"400", "401", "403"} <= found["responses"].keys()


@pytest.mark.parametrize(("method", "path"), sorted(OPEN))
def test_an_open_operation_says_that_it_asks_for_nothing(method: str, path: str) -> None:
    assert operation(method, path)["security"] == []


def test_the_key_and_the_tenant_are_given_once_for_all_operations() -> None:
    schemes = API["components"]["securitySchemes"]
    assert (schemes["apiKey"]["type"], schemes["apiKey"]["scheme"]) == ("http", "bearer")
    tenant = {name: schemes["tenant"][name] for name in ("type", "in", "name")}
    assert tenant == {"type": "apiKey", "in": "header", "name": TENANT_HEADER}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_refusal_is_a_problem(method: str, path: str) -> None:
    answers = operation(method, path)["responses"]
    assert {"429", "500", "503"} <= answers.keys()
    for status in filter(lambda status: status >= "400", answers):
        refusal = resolved(answers[status])
        (content,) = refusal["content"].items()
        assert content[0] == "application/problem+json", status
        assert content[1]["schema"] == {"$ref": "#/components/schemas/Problem"}, status


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_tells_the_id_of_its_request(method: str, path: str) -> None:
    for status, answer in operation(method, path)["responses"].items():
        assert "X-Request-Id" in resolved(answer)["headers"], status


def test_waiting_is_told_where_waiting_helps() -> None:
    answers = operation("post", f"{BASE}/payments")["responses"]
    waits = {name for name in answers if "Retry-After" in resolved(answers[name])["headers"]}
    assert waits == {"429", "503"}


def test_a_replay_of_a_payment_is_documented_beside_its_acceptance() -> None:
    answers = operation("post", f"{BASE}/payments")["responses"]
    assert {"Location", "Idempotent-Replayed"} <= answers["200"]["headers"].keys()
    assert "Location" in answers["202"]["headers"]


def test_a_member_that_takes_few_values_names_them() -> None:
    def named(schema: str, member: str) -> set[str | None]:
        return set(API["components"]["schemas"][schema]["properties"][member]["enum"])

    assert named("Failure", "code") == set(FailureCode)
    assert named("Failure", "retry") == set(Retry)
    assert named("PaymentStep", "previousStatus") == {*Status, None}
    assert named("PaymentStep", "evidence") == named("NetworkAnswer", "evidence") == set(Evidence)
    assert named("Explanation", "nextAction") == {*NextAction, None}
    assert named("WebhookDelivery", "status") == set(STATUSES)
    assert named("WebhookDelivery", "eventType") == {*event_types.ALL}


def test_the_example_of_a_payment_is_taken_and_prompts_nobody(merchant: Merchant) -> None:
    properties = API["components"]["schemas"]["PaymentRequest"]["properties"]
    example = {name: one["example"] for name, one in properties.items() if "example" in one}
    answer = merchant.post("/payments", example, live=False)
    assert answer.status_code == 202, answer.text
    assert answer.json["externalId"] == "order-1042"
    assert answer.json["msisdn"] == payment_request()["msisdn"]
    assert answer.json["metadata"] == example["metadata"]
