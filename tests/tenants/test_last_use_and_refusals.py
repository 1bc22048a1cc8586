"""A key's last use is kept, cheaply; a refusal of a known caller is in that tenant's log."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.counts import growth
from tests.support.log_lines import captured, the_line
from tests.support.merchants import BASE, Merchant
from tests.support.refusals import refusal
from tests.tenants.conftest import LaterBy
from zampay.infra.database.db import EVERY_TENANT, db, transaction
from zampay.kernel import ids
from zampay.tenants.models import ApiKey, Tenant

REFUSED = "zampay_authentication_refused_total"


def change(app: Flask, statement: Any) -> None:
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(statement)


def last_use(merchant: Merchant) -> dict[str, str | None]:
    keys = merchant.get("/api-keys", live=False).json["data"]
    return {key["name"]: key["lastUsedAt"] for key in keys}


def refusals(app: Flask, merchant: Merchant) -> list[dict[str, Any]]:
    """Entries on refused keys in the log of this merchant, oldest first."""
    query = "SELECT actor, address, subject, details FROM audit_log WHERE action = 'key.refused'"
    with app.app_context(), transaction(merchant.tenant_id) as tx:
        rows = tx.session.execute(sa.text(f"{query} ORDER BY id"))
        return [dict(row._mapping) for row in rows]


def ask(client: FlaskClient, merchant: Merchant, **headers: str) -> Any:
    return client.get(f"{BASE}/payments", headers={**merchant.headers(), **headers})


def test_the_last_use_of_a_key_is_kept(merchant: Merchant) -> None:
    assert last_use(merchant)["Live"] is None
    merchant.get("/payments")
    assert last_use(merchant)["Live"] is not None


def test_it_is_written_once_a_minute_at_most(
    app: Flask, merchant: Merchant, later_by: LaterBy
) -> None:
    merchant.get("/payments")
    first = last_use(merchant)["Live"]
    merchant.get("/payments")
    assert last_use(merchant)["Live"] == first
    ages = sa.update(ApiKey).values(last_used_at=sa.func.now() - sa.text("interval '61 s'"))
    change(app, ages)
    later_by(1)
    merchant.get("/payments")
    used_again = last_use(merchant)["Live"]
    assert used_again is not None
    assert first is not None
    assert used_again > first


def test_nobody_waits_for_a_key_that_another_request_is_writing_down(
    app: Flask, merchant: Merchant
) -> None:
    with app.app_context(), db.engine.connect() as link:
        link.execute(sa.text("SELECT set_config('zampay.every_tenant', 'on', true)"))
        link.execute(sa.text("SELECT FROM api_keys FOR UPDATE"))
        with ThreadPoolExecutor(1) as threads:
            answer = threads.submit(merchant.get, "/payments").result(timeout=4)
        assert answer.status_code == 200


def test_a_revoked_key_is_not_used_but_refused_with_an_entry(
    app: Flask, client: FlaskClient, merchant: Merchant, later_by: LaterBy
) -> None:
    keys = {key["name"]: key["id"] for key in merchant.get("/api-keys").json["data"]}
    merchant.delete(f"/api-keys/{keys['Live']}")
    before = last_use(merchant)["Live"]
    later_by(1)
    with growth(REFUSED, 1, reason="key_not_usable"):
        refusal(ask(client, merchant), 401, "not_authenticated")
    assert last_use(merchant)["Live"] == before
    (entry,) = refusals(app, merchant)
    assert entry == {
        "actor": keys["Live"],
        "address": "127.0.0.1",
        "subject": "/api/v1/payments",
        "details": {"reason": "key_not_usable"},
    }


def test_an_expired_key_is_refused_with_an_entry(
    app: Flask, client: FlaskClient, merchant: Merchant
) -> None:
    change(app, sa.update(ApiKey).where(ApiKey.livemode).values(expires_at=sa.func.now()))
    refusal(ask(client, merchant), 401, "not_authenticated")
    assert [entry["details"]["reason"] for entry in refusals(app, merchant)] == ["key_not_usable"]


def test_a_suspended_tenant_is_refused_with_an_entry(
    app: Flask, client: FlaskClient, merchant: Merchant
) -> None:
    change(app, sa.update(Tenant).values(suspended_at=sa.func.now()))
    refusal(ask(client, merchant), 403, "tenant_suspended")
    assert [one["details"]["reason"] for one in refusals(app, merchant)] == ["tenant_suspended"]


def test_naming_another_tenant_is_in_the_log_of_the_keys_own(
    app: Flask, client: FlaskClient, merchant: Merchant, rival: Merchant
) -> None:
    refused = ask(client, merchant, **{"x-tenant-id": rival.tenant_id})
    refusal(refused, 403, "not_your_tenant")
    (entry,) = refusals(app, merchant)
    assert entry["details"] == {"reason": "not_your_tenant", "named": rival.tenant_id}
    assert refusals(app, rival) == []


def test_a_client_gone_wild_does_not_fill_the_log(
    app: Flask, client: FlaskClient, merchant: Merchant, rival: Merchant
) -> None:
    with growth(REFUSED, 5, reason="not_your_tenant"):
        for named in (rival.tenant_id, *(ids.new("ten") for _ in range(4))):
            ask(client, merchant, **{"x-tenant-id": named})
    assert len(refusals(app, merchant)) == 1


@pytest.mark.long
def test_it_does_not_without_redis_either(
    app: Flask, merchant: Merchant, rival: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "redis", redis.Redis(port=1))
    for _ in range(5):
        ask(merchant.client, merchant, **{"x-tenant-id": ids.new("ten")})
    assert len(refusals(app, merchant)) == 1


@pytest.mark.parametrize("header", ["", "Bearer zp_live_short", "Basic bulk"])
def test_a_stranger_is_counted_and_logged_and_in_nobodys_log(
    app: Flask, client: FlaskClient, merchant: Merchant, header: str
) -> None:
    with growth(REFUSED, 1, reason="no_key"), captured() as lines:
        refusal(ask(client, merchant, Authorization=header), 401, "not_authenticated")
    line = the_line(lines, "authentication_refused")
    assert (line["log_level"], line["reason"], line["address"]) == (
        "warning",
        "no_key",
        "127.0.0.1",
    )
    assert "short" not in str(lines)
    assert "bulk" not in str(lines)  # no id of ours has an l or a u
    assert refusals(app, merchant) == []


def test_an_unknown_key_is_logged_by_its_hint_alone(
    app: Flask, client: FlaskClient, merchant: Merchant
) -> None:
    unknown = "zp_live_" + "z" * 48
    with captured() as lines:
        refused = ask(client, merchant, Authorization=f"Bearer {unknown}")
    refusal(refused, 401, "not_authenticated")
    line = the_line(lines, "authentication_refused")
    assert (line["reason"], line["hint"]) == ("unknown_key", "zp_live_zzzz")
    assert line["request_id"] == refused.headers["X-Request-Id"]
    assert "z" * 5 not in str(lines)
    assert refusals(app, merchant) == []


def test_strangers_are_logged_once_a_minute_for_each_address_and_reason(
    client: FlaskClient, merchant: Merchant
) -> None:
    with captured() as lines, growth(REFUSED, 6, reason="no_key"):
        for address in (*["192.0.2.7"] * 3, "192.0.2.8", "2001:db8::7", "2001:db8::8"):
            client.get(f"{BASE}/payments", environ_base={"REMOTE_ADDR": address})
        unknown = {"Authorization": f"Bearer zp_test_{'z' * 48}"}
        client.get(f"{BASE}/payments", headers=unknown, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    told = [
        (line["address"], line["reason"])
        for line in lines
        if line["event"] == "authentication_refused"
    ]
    assert told == [
        ("192.0.2.7", "no_key"),
        ("192.0.2.8", "no_key"),
        ("2001:db8::7", "no_key"),
        ("192.0.2.7", "unknown_key"),
    ]


def test_a_cancel_is_in_the_log_with_its_key(app: Flask, merchant: Merchant) -> None:
    payment_id = merchant.pay(live=False).json["id"]
    merchant.post(f"/payments/{payment_id}/cancel", live=False)
    merchant.post(f"/payments/{payment_id}/cancel", live=False)
    lines = merchant.get("/audit-log", live=False).json["data"]
    cancelled = [line for line in lines if line["action"] == "payment.cancelled"]
    assert len(cancelled) == 1
    assert cancelled[0]["subject"] == payment_id
    assert cancelled[0]["actor"].startswith("key_")
    assert cancelled[0]["address"] == "127.0.0.1"
