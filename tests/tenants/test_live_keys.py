"""A leaked test key must not become a live one: it makes the first live key and no other, and has
no power over those that are there.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.infra.rows import session, until_somebody_waits
from tests.support.merchants import BASE, Answer, Merchant, answered
from tests.support.refusals import refusal
from tests.support.tables import contents
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.tenants.models import ApiKey

AT_ONCE = 8
WANTED = {"name": "Shop", "livemode": True}


@pytest.fixture
def newcomer(client: FlaskClient) -> Merchant:
    """A merchant with a test key alone."""
    body = {"businessName": "Mosi Crafts", "email": "owner@example.com"}
    made = answered(client.post(f"{BASE}/auth/register", json=body)).json
    return Merchant(client, made["tenantId"], made["apiKey"], "")


def make_live(merchant: Merchant, *, live: bool, **body: Any) -> Answer:
    """Ask for a live key, with a live key or a test key."""
    return merchant.post("/api-keys", {**WANTED, **body}, live=live)


def live_key(merchant: Merchant) -> dict[str, Any]:
    """The live key that the merchant began with."""
    (found,) = [one for one in merchant.get("/api-keys").json["data"] if one["livemode"]]
    return dict(found)


def refused_without_effect(app: Flask, ask: Any) -> dict[str, Any]:
    before = contents(app)
    problem = refusal(ask(), 403, "live_key_needed")
    after = contents(app)
    added = set(after.pop("audit_log")) - set(before.pop("audit_log"))
    assert (len(after.pop("audit_heads")), len(before.pop("audit_heads"))) == (1, 1)
    assert after == before
    assert all(json.loads(line)["action"] == "key.refused" for line in added)
    return problem


def test_a_test_key_makes_the_first_live_key_and_no_second(app: Flask, newcomer: Merchant) -> None:
    first = make_live(newcomer, live=False)
    assert first.status_code == 201
    problem = refused_without_effect(app, lambda: make_live(newcomer, live=False))
    assert "ask the operator" in problem["detail"]
    newcomer.live_key = first.json["apiKey"]
    assert make_live(newcomer, live=True).status_code == 201


def test_a_test_key_neither_rotates_nor_revokes_a_live_one(app: Flask, merchant: Merchant) -> None:
    path = f"/api-keys/{live_key(merchant)['id']}"
    refused_without_effect(app, lambda: merchant.post(f"{path}/rotate", {}, live=False))
    refused_without_effect(app, lambda: merchant.delete(path, live=False))
    merchant.delete(path)
    refused_without_effect(app, lambda: merchant.delete(path, live=False))


def test_a_live_key_manages_test_keys_and_live_ones(merchant: Merchant) -> None:
    for one in merchant.get("/api-keys").json["data"]:
        assert merchant.post(f"/api-keys/{one['id']}/rotate", {}).status_code == 201
    test_key = merchant.get("/api-keys").json["data"][-1]
    assert test_key["livemode"] is False
    assert merchant.delete(f"/api-keys/{test_key['id']}").status_code == 204


def test_when_every_live_key_is_revoked_a_test_key_makes_no_other(
    app: Flask, merchant: Merchant
) -> None:
    for one in live_keys(merchant)[::-1]:
        merchant.delete(f"/api-keys/{one['id']}")
    refused_without_effect(app, lambda: make_live(merchant, live=False))


def live_keys(merchant: Merchant) -> list[dict[str, Any]]:
    """Live keys, newest first, as a test key sees them."""
    found = merchant.get("/api-keys", live=False).json["data"]
    return [one for one in found if one["livemode"]]


def test_when_every_live_key_has_expired_a_test_key_makes_no_other(
    app: Flask, merchant: Merchant
) -> None:
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        over = sa.update(ApiKey).where(ApiKey.livemode).values(expires_at=sa.func.now())
        tx.session.execute(over)
    refused_without_effect(app, lambda: make_live(merchant, live=False))


def test_an_attempt_with_a_test_key_is_in_the_audit_log_once(
    app: Flask, merchant: Merchant
) -> None:
    key_id = live_key(merchant)["id"]
    for _ in range(3):
        merchant.delete(f"/api-keys/{key_id}", live=False)
    lines = merchant.get("/audit-log").json["data"]
    (refused,) = [one for one in lines if one["action"] == "key.refused"]
    assert refused["details"] == {"reason": "live_key_needed", "key": key_id}
    assert refused["actor"] != key_id


def test_the_live_key_of_another_merchant_does_not_count(
    newcomer: Merchant, merchant: Merchant
) -> None:
    assert make_live(newcomer, live=False).status_code == 201


def test_of_many_at_once_one_makes_the_first_live_key(app: Flask, newcomer: Merchant) -> None:
    def ask(_: int) -> int:
        client = app.test_client()
        own = Merchant(client, newcomer.tenant_id, newcomer.test_key, "")
        return make_live(own, live=False).status_code

    with ThreadPoolExecutor(AT_ONCE) as threads, session(app, newcomer.tenant_id) as earlier:
        earlier.execute("SELECT FROM tenants FOR NO KEY UPDATE")
        asked = threads.map(ask, range(AT_ONCE))
        until_somebody_waits(app)
        earlier.commit()
        answers = sorted(asked)
    assert answers == [201] + [403] * (AT_ONCE - 1)
    assert len(live_keys(newcomer)) == 1
