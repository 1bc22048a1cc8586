"""A key does what its scopes say, on every route, and gives away no more than it has."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.merchants import BASE, Merchant, answered
from tests.support.operations import GUARDED, filled
from tests.support.refusals import refusal
from tests.support.tables import row_counts
from zampay.tenants.scopes import ALL


def key_with(merchant: Merchant, scopes: list[str], *, live: bool = False) -> dict[str, str]:
    """Headers with a fresh key that carries these scopes."""
    wanted = {"name": "Narrow", "scopes": scopes, "livemode": live}
    made = merchant.post("/api-keys", wanted)
    assert made.status_code == 201, made.json
    return {"Authorization": f"Bearer {made.json['apiKey']}", "x-tenant-id": merchant.tenant_id}


def needed(app: Flask, method: str, path: str) -> str:
    """The scope that the code asks for on a route."""
    endpoint, _ = app.url_map.bind("").match(filled(path), method=method)
    return str(vars(app.view_functions[endpoint])["required_scope"])


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_every_route_needs_its_scope(
    app: Flask, client: FlaskClient, merchant: Merchant, method: str, path: str
) -> None:
    scope = needed(app, method, path)
    assert scope.endswith(":read" if method == "GET" else ":write")

    def ask(scopes: list[str]) -> TestResponse:
        headers = key_with(merchant, scopes)
        before = row_counts(app)
        answer = client.open(filled(path), method=method, headers=headers, json=None)
        assert row_counts(app)["transfers"] == before["transfers"]
        return answer

    refusal(ask([one for one in ALL if one != scope]), 403, "scope_missing")
    assert ask([scope]).status_code not in {401, 403, 500}


def test_a_refusal_for_lack_of_scope_is_in_the_audit_log(
    client: FlaskClient, merchant: Merchant
) -> None:
    refused = client.get(f"{BASE}/payments", headers=key_with(merchant, ["keys:read"]))
    refusal(refused, 403, "scope_missing")
    line = merchant.get("/audit-log").json["data"][0]
    assert (line["action"], line["subject"]) == ("key.refused", "/api/v1/payments")
    assert line["details"] == {"reason": "scope_missing", "needed": "payments:read"}


def test_a_key_cannot_give_what_it_has_not(
    app: Flask, client: FlaskClient, merchant: Merchant
) -> None:
    headers = key_with(merchant, ["keys:write", "payments:read"])
    wide = merchant.get("/api-keys").json["data"][-1]["id"]
    before = row_counts(app)
    for path, body in (
        ("/api-keys", {"name": "Wider", "scopes": ["payments:write"]}),
        ("/api-keys", {"name": "Everything"}),
        (f"/api-keys/{wide}/rotate", {}),
    ):
        answer = client.post(f"{BASE}{path}", json=body, headers=headers)
        refusal(answer, 403, "scope_not_yours")
    after = row_counts(app)
    assert after.pop("audit_log") == before.pop("audit_log") + 1
    assert after == before


def test_a_key_revokes_none_that_can_do_more(
    app: Flask, client: FlaskClient, merchant: Merchant
) -> None:
    narrow = key_with(merchant, ["keys:write"], live=True)
    own = merchant.get("/api-keys").json["data"][0]["id"]
    fuller = [one["id"] for one in merchant.get("/api-keys").json["data"] if one["id"] != own]
    for key_id in fuller:
        answer = client.delete(f"{BASE}/api-keys/{key_id}", headers=narrow)
        refusal(answer, 403, "scope_not_yours")
    assert all(one["revokedAt"] is None for one in merchant.get("/api-keys").json["data"])
    line = merchant.get("/audit-log").json["data"][0]
    assert (line["action"], line["actor"]) == ("key.refused", own)
    assert line["details"] == {"reason": "scope_not_yours", "key": fuller[0]}
    assert client.delete(f"{BASE}/api-keys/{own}", headers=narrow).status_code == 204


def test_a_key_can_give_what_it_has(client: FlaskClient, merchant: Merchant) -> None:
    headers = key_with(merchant, ["keys:write", "payments:read"])
    body = {"name": "Narrower", "scopes": ["payments:read", "payments:read"]}
    made = answered(client.post(f"{BASE}/api-keys", json=body, headers=headers))
    assert made.status_code == 201
    assert made.json["scopes"] == ["payments:read"]


@pytest.mark.parametrize("scopes", [[], ["payments:delete"], "payments:read", [1], [None]])
def test_a_scope_that_does_not_exist_is_refused(merchant: Merchant, scopes: object) -> None:
    answer = merchant.post("/api-keys", {"name": "Odd", "scopes": scopes})
    refusal(answer, 422, "validation_failed")
