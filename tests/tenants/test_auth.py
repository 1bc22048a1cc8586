"""No key, no answer: every guarded route refuses a caller without the right key."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.merchants import Merchant
from tests.support.operations import GUARDED, filled
from tests.support.refusals import refusal
from tests.support.tables import row_counts
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.tenants.models import ApiKey, Tenant

LIST = filled("/payments")
UNUSABLE = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer nonsense",
    f"Bearer zp_test_{'0' * 48}",
    f"Bearer zp_live_{'0' * 48}",
    "Basic dXNlcjpwYXNzd29yZA==",
    "Bearer \u00e9",
]


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_every_guarded_route_needs_a_key_before_all_else(
    app: Flask, client: FlaskClient, merchant: Merchant, method: str, path: str
) -> None:
    before = row_counts(app)
    answer = client.open(filled(path), method=method, headers={"x-tenant-id": merchant.tenant_id})
    refusal(answer, 401, "not_authenticated")
    assert row_counts(app) == before


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_every_guarded_route_needs_the_tenant_that_the_key_is_of(
    client: FlaskClient, merchant: Merchant, rival: Merchant, method: str, path: str
) -> None:
    key = {"Authorization": f"Bearer {merchant.live_key}"}
    answer = client.open(filled(path), method=method, headers=key)
    refusal(answer, 400, "tenant_header_missing")
    foreign = {**key, "x-tenant-id": rival.tenant_id}
    refusal(client.open(filled(path), method=method, headers=foreign), 403, "not_your_tenant")


@pytest.mark.parametrize("authorization", UNUSABLE)
def test_a_wrong_key_is_refused(
    client: FlaskClient, merchant: Merchant, authorization: str
) -> None:
    headers = {"Authorization": authorization, "x-tenant-id": merchant.tenant_id}
    refusal(client.get(LIST, headers=headers), 401, "not_authenticated")


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER   "])
def test_the_scheme_may_be_written_in_any_case(
    client: FlaskClient, merchant: Merchant, scheme: str
) -> None:
    headers = merchant.headers() | {"Authorization": f"{scheme}{merchant.live_key}"}
    assert client.get(LIST, headers=headers).status_code == 200


def test_a_key_without_its_scheme_or_in_another_case_is_refused(
    client: FlaskClient, merchant: Merchant
) -> None:
    key = merchant.live_key
    for written in (key, f"Bearer{key}", f"Bearer\t{key}", f"Basic {key}", f"bearer {key.upper()}"):
        headers = merchant.headers() | {"Authorization": written}
        refusal(client.get(LIST, headers=headers), 401, "not_authenticated")


@pytest.mark.parametrize("named", ["", "ten_", "ten_short", "TEN_", "pay_" + "0" * 26, "*"])
def test_a_header_that_names_no_tenant_is_malformed(
    client: FlaskClient, merchant: Merchant, named: str
) -> None:
    headers = {**merchant.headers(), "x-tenant-id": named}
    refusal(client.get(LIST, headers=headers), 400, "tenant_header_missing")


def test_a_tenant_that_does_not_exist_looks_like_any_other_tenant(
    client: FlaskClient, merchant: Merchant, rival: Merchant
) -> None:
    bodies = []
    for tenant_id in (rival.tenant_id, "ten_" + "0" * 26):
        headers = {**merchant.headers(), "x-tenant-id": tenant_id}
        bodies.append(refusal(client.get(LIST, headers=headers), 403, "not_your_tenant"))
    assert bodies[0] | {"requestId": ""} == bodies[1] | {"requestId": ""}


def test_unknown_revoked_and_expired_keys_look_alike(
    app: Flask, client: FlaskClient, merchant: Merchant
) -> None:
    revoked = merchant.post("/api-keys", {"name": "Revoked"}).json
    assert merchant.delete(f"/api-keys/{revoked['id']}").status_code == 204
    expired = merchant.post("/api-keys", {"name": "Old", "expiresAt": tomorrow()}).json
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        row = sa.update(ApiKey).where(ApiKey.id == expired["id"])
        tx.session.execute(row.values(expires_at=sa.func.now()))
    bodies = []
    for key in (revoked["apiKey"], expired["apiKey"], f"zp_test_{'0' * 48}"):
        headers = {"Authorization": f"Bearer {key}", "x-tenant-id": merchant.tenant_id}
        found = refusal(client.get(LIST, headers=headers), 401, "not_authenticated")
        bodies.append(found | {"requestId": ""})
    assert bodies[0] == bodies[1] == bodies[2]


def test_a_key_with_an_end_works_until_then(client: FlaskClient, merchant: Merchant) -> None:
    made = merchant.post("/api-keys", {"name": "Short-lived", "expiresAt": tomorrow()}).json
    headers = {"Authorization": f"Bearer {made['apiKey']}", "x-tenant-id": merchant.tenant_id}
    assert client.get(LIST, headers=headers).status_code == 200


def test_a_suspended_tenant_is_refused(app: Flask, merchant: Merchant, rival: Merchant) -> None:
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        suspended = sa.update(Tenant).where(Tenant.id == merchant.tenant_id)
        tx.session.execute(suspended.values(suspended_at=sa.func.now()))
    refusal(merchant.get("/payments"), 403, "tenant_suspended")
    assert rival.get("/payments").status_code == 200
