"""The audit log: each action once, in its own transaction, seen by its tenant alone."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.merchants import Merchant
from tests.support.refusals import refusal, wrong_fields
from tests.support.tables import row_counts


def lines(merchant: Merchant) -> list[dict[str, Any]]:
    """The whole log, oldest first."""
    found: list[dict[str, Any]] = merchant.get("/audit-log", limit=100).json["data"]
    return found[::-1]


def test_every_deed_with_a_key_is_a_line(merchant: Merchant) -> None:
    keys = merchant.get("/api-keys").json["data"]
    live, first = keys[0]["id"], keys[1]["id"]
    made = merchant.post("/api-keys", {"name": "Till"}).json["id"]
    successor = merchant.post(f"/api-keys/{made}/rotate", {"overlapHours": 1}).json["id"]
    merchant.delete(f"/api-keys/{made}")
    told = [(one["action"], one["actor"], one["subject"]) for one in lines(merchant)]
    assert told == [
        ("tenant.registered", first, None),
        ("key.created", first, live),
        ("key.created", live, made),
        ("key.rotated", live, made),
        ("key.revoked", live, made),
    ]
    rotated = lines(merchant)[3]
    assert rotated["details"] == {"successor": successor, "overlap_s": 3600.0}
    assert {one["address"] for one in lines(merchant)} == {"127.0.0.1"}


def test_a_new_key_is_entered_with_its_world_scopes_and_end(merchant: Merchant) -> None:
    wanted = {"name": "Till", "livemode": True, "scopes": ["payments:write", "payments:read"]}
    merchant.post("/api-keys", {**wanted, "expiresAt": "2999-01-31T14:00:00+02:00"})
    merchant.post("/api-keys", {"name": "Till", "scopes": ["audit:read"]})
    limited, endless = (line["details"] for line in lines(merchant)[-2:])
    assert limited == {
        "livemode": True,
        "scopes": ["payments:read", "payments:write"],
        "expiresAt": "2999-01-31T12:00:00.000Z",
    }
    assert endless == {"livemode": False, "scopes": ["audit:read"], "expiresAt": None}


def test_a_deed_that_fails_leaves_no_line(app: Flask, merchant: Merchant) -> None:
    before = row_counts(app)["audit_log"]
    merchant.post("/api-keys/key_unknown/rotate", {})
    merchant.delete("/api-keys/key_unknown")
    merchant.post("/api-keys", {"name": ""})
    assert row_counts(app)["audit_log"] == before


def test_the_log_holds_no_key(merchant: Merchant) -> None:
    made = merchant.post("/api-keys", {"name": "Till"}).json
    merchant.post(f"/api-keys/{made['id']}/rotate", {})
    log = merchant.get("/audit-log").text
    for key in (made["apiKey"], merchant.live_key, merchant.test_key):
        assert key not in log


def test_nobody_sees_the_log_of_another(merchant: Merchant, rival: Merchant) -> None:
    rival.post("/api-keys", {"name": "Rival's"})
    assert rival.tenant_id not in merchant.get("/audit-log").text
    rivals_keys = {one["id"] for one in rival.get("/api-keys").json["data"]}
    assert not rivals_keys & {one["subject"] for one in lines(merchant)}


def test_the_log_is_paged_newest_first(merchant: Merchant) -> None:
    for number in range(5):
        merchant.post("/api-keys", {"name": f"Till {number}"})
    whole = lines(merchant)[::-1]
    paged, after = [], None
    for _ in range(len(whole)):
        query: dict[str, Any] = {"limit": 3} if after is None else {"limit": 3, "after": after}
        page = merchant.get("/audit-log", **query).json
        paged += page["data"]
        after = page["nextCursor"]
        assert page["hasMore"] is (after is not None)
        if after is None:
            break
    assert paged == whole


@pytest.mark.parametrize(
    "query",
    [
        {"after": "nonsense"},
        {"after": "LTE"},
        {"after": ""},
        {"after": "\N{SNOWMAN}"},
        {"limit": 0},
        {"limit": 10**6},
        {"limit": "many"},
        {"actor": "key_1"},
    ],
)
def test_a_wrong_page_is_refused(merchant: Merchant, query: dict[str, Any]) -> None:
    body = refusal(merchant.get("/audit-log", **query), 422, "validation_failed")
    assert wrong_fields(body) == set(query)


def test_a_line_is_gone_neither_by_update_nor_by_time(
    client: FlaskClient, merchant: Merchant
) -> None:
    headers = merchant.headers()
    for method in ("DELETE", "PUT", "PATCH", "POST"):
        answer = client.open("/api/v1/audit-log", method=method, headers=headers)
        refusal(answer, 405, "method_not_allowed")
        assert "GET" in answer.headers["Allow"]
