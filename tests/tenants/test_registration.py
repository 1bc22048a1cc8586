"""Register: a tenant and one test key; live keys only once the operator has activated it."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.commands import run
from tests.support.fakes import HeldQueue
from tests.support.merchants import BASE, Answer, Merchant, answered
from tests.support.refusals import refusal, wrong_fields
from tests.support.tables import row_counts

BODY = {"businessName": "Kalulu Books", "email": "owner@example.com"}


def register(client: FlaskClient, **changes: Any) -> Answer:
    return answered(client.post(f"{BASE}/auth/register", json={**BODY, **changes}))


def unactivated(app: Flask, client: FlaskClient) -> Merchant:
    """A merchant of a deployment where registration does not activate."""
    app.config["REGISTRATION_ACTIVATES"] = False
    made = register(client).json
    assert made["liveActivated"] is False
    return Merchant(client, made["tenantId"], made["apiKey"], made["apiKey"])


def test_registering_gives_a_tenant_and_a_test_key(
    client: FlaskClient, task_queue: HeldQueue
) -> None:
    answer = register(client)
    assert answer.status_code == 201
    assert re.fullmatch(r"ten_[0-9a-z]{26}", answer.json["tenantId"])
    assert re.fullmatch(r"zp_test_[0-9a-z]{48}", answer.json["apiKey"])
    assert (answer.json["businessName"], answer.json["email"]) == ("Kalulu Books", BODY["email"])
    merchant = Merchant(client, answer.json["tenantId"], answer.json["apiKey"], "")
    assert merchant.pay(live=False).status_code == 202
    headers = merchant.headers(live=False)
    first = answered(client.get(answer.headers["Location"], headers=headers))
    assert first.json["name"] == "First test key"


def test_two_registrations_are_two_tenants(client: FlaskClient) -> None:
    one, two = register(client).json, register(client).json
    assert one["tenantId"] != two["tenantId"]
    assert one["apiKey"] != two["apiKey"]


def test_registration_can_be_closed(app: Flask, client: FlaskClient) -> None:
    app.config["REGISTRATION_OPEN"] = False
    refusal(register(client), 403, "registration_closed")
    assert set(row_counts(app).values()) == {0}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"email": "nobody"}, {"email"}),
        ({"email": "a@b@c"}, {"email"}),
        ({"email": f"{'x' * 250}@example.com"}, {"email"}),
        ({"email": None}, {"email"}),
        ({"businessName": ""}, {"businessName"}),
        ({"businessName": "x" * 101}, {"businessName"}),
        ({"businessName": "two\nlines"}, {"businessName"}),
        ({"businessName": 5, "email": 5}, {"businessName", "email"}),
        ({"tenantId": "ten_mine", "activate": True}, {"tenantId", "activate"}),
    ],
)
def test_a_wrong_registration_makes_nothing(
    app: Flask, client: FlaskClient, changes: dict[str, Any], wrong: set[str]
) -> None:
    assert wrong_fields(refusal(register(client, **changes), 422, "validation_failed")) == wrong
    assert set(row_counts(app).values()) == {0}


def test_a_tenant_that_is_not_activated_has_no_live_key(app: Flask, client: FlaskClient) -> None:
    merchant = unactivated(app, client)
    before = row_counts(app)
    answer = merchant.post("/api-keys", {"name": "Live", "livemode": True})
    refusal(answer, 403, "tenant_not_activated")
    assert row_counts(app) == before
    assert merchant.post("/api-keys", {"name": "Test"}).status_code == 201


def test_the_operator_activates(app: Flask, client: FlaskClient) -> None:
    merchant = unactivated(app, client)
    typed = ["tenant", "activate", merchant.tenant_id, "--operator", "mwansa"]
    assert run(app, *typed).exit_code == 0
    assert merchant.post("/api-keys", {"name": "Live", "livemode": True}).status_code == 201
    actions = [(one["action"], one["actor"]) for one in merchant.get("/audit-log").json["data"]]
    assert ("tenant.activated", "operator:mwansa") in actions
