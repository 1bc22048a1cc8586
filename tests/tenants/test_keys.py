"""Keys: shown once, kept as a hash, rotated with an overlap, refused once they are revoked."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.merchants import BASE, Merchant
from tests.support.refusals import refusal, wrong_fields
from tests.support.tables import contents, row_counts
from tests.tenants.conftest import LaterBy
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.tenants.models import ApiKey

DAY = timedelta(hours=24)
Works = Callable[[str], bool]


@pytest.fixture
def works(client: FlaskClient, merchant: Merchant) -> Works:
    """Whether a key of the merchant is taken."""

    def ask(key: str) -> bool:
        headers = {"Authorization": f"Bearer {key}", "x-tenant-id": merchant.tenant_id}
        return client.get(f"{BASE}/payments", headers=headers).status_code == 200

    return ask


def make_key(merchant: Merchant, **body: Any) -> dict[str, Any]:
    answer = merchant.post("/api-keys", {"name": "Till 3", **body})
    assert answer.status_code == 201, answer.json
    assert answer.headers["Location"] == f"{BASE}/api-keys/{answer.json['id']}"
    made: dict[str, Any] = answer.json
    return made


def rotate(merchant: Merchant, key: dict[str, Any], body: Any = None) -> dict[str, Any]:
    answer = merchant.post(f"/api-keys/{key['id']}/rotate", body)
    assert answer.status_code == 201, answer.json
    new: dict[str, Any] = answer.json
    return new


def shown(merchant: Merchant, key: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = merchant.get(f"/api-keys/{key['id']}").json
    return found


def test_a_key_tells_its_world_and_is_shown_once(merchant: Merchant) -> None:
    for livemode, prefix in ((False, "zp_test_"), (True, "zp_live_")):
        made = make_key(merchant, livemode=livemode)
        assert made["apiKey"].startswith(prefix)
        assert made["livemode"] is livemode
        again = shown(merchant, made)
        assert "apiKey" not in again
        assert made == {**again, "apiKey": made["apiKey"]}
        assert made["apiKey"].startswith(made["hint"])
        assert len(made["hint"]) < 16


def test_keys_are_listed_newest_first_without_their_text(merchant: Merchant) -> None:
    made = make_key(merchant)
    listed = merchant.get("/api-keys").json["data"]
    assert [one["name"] for one in listed] == ["Till 3", "Live", "First test key"]
    assert listed[0]["id"] == made["id"]
    assert all("apiKey" not in one and "hash" not in one for one in listed)


def test_only_the_hash_of_a_key_is_stored(app: Flask, merchant: Merchant) -> None:
    made = make_key(merchant)
    rotated = rotate(merchant, made)
    everything = str(contents(app))
    for key in (made["apiKey"], rotated["apiKey"], merchant.test_key, merchant.live_key):
        assert key not in everything
        assert key[16:] not in everything
        assert hashlib.sha256(key.encode()).hexdigest() in everything


def test_without_overlap_the_old_key_ends_at_once(merchant: Merchant, works: Works) -> None:
    old = make_key(merchant)
    new = rotate(merchant, old, {"overlapHours": 0})
    assert not works(old["apiKey"])
    assert works(new["apiKey"])


@pytest.mark.parametrize("body", [None, {}, {"overlapHours": 24}])
def test_by_default_both_keys_work_for_a_day(
    app: Flask, merchant: Merchant, works: Works, later_by: LaterBy, body: Any
) -> None:
    old = make_key(merchant, scopes=["payments:read"])
    new = rotate(merchant, old, body)
    assert works(old["apiKey"])
    assert works(new["apiKey"])
    assert {name: new[name] for name in ("name", "livemode", "scopes", "expiresAt")} == {
        "name": "Till 3",
        "livemode": False,
        "scopes": ["payments:read"],
        "expiresAt": None,
    }
    end = datetime.fromisoformat(shown(merchant, old)["expiresAt"])
    assert end - datetime.fromisoformat(new["createdAt"]) == DAY
    let_time_pass(app, old["id"])
    later_by(1)
    assert not works(old["apiKey"])
    assert works(new["apiKey"])


def let_time_pass(app: Flask, key_id: str) -> None:
    """Move the end of a key a day into the past, as if the day were over."""
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        row = sa.update(ApiKey).where(ApiKey.id == key_id)
        tx.session.execute(row.values(expires_at=ApiKey.expires_at - DAY))


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(seconds=1), 1000 * DAY])
def test_a_key_that_would_be_over_already_is_not_made(
    app: Flask, merchant: Merchant, ago: timedelta
) -> None:
    before = row_counts(app)
    over = (datetime.now(UTC) - ago).isoformat()
    answer = merchant.post("/api-keys", {"name": "Till 3", "expiresAt": over})
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == {"expiresAt"}
    assert row_counts(app) == before


def test_an_overlap_never_makes_a_key_live_longer(merchant: Merchant) -> None:
    old = make_key(merchant, expiresAt=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    new = rotate(merchant, old, {"overlapHours": 168})
    assert shown(merchant, old)["expiresAt"] == old["expiresAt"] == new["expiresAt"]


def test_a_key_has_one_successor_which_outlives_it(merchant: Merchant, works: Works) -> None:
    old = make_key(merchant)
    new = rotate(merchant, old, {"overlapHours": 1})
    again = merchant.post(f"/api-keys/{old['id']}/rotate", {"overlapHours": 168})
    assert new["id"] in refusal(again, 409, "key_already_rotated")["detail"]
    assert works(old["apiKey"])
    next_one = rotate(merchant, new)
    assert (new["expiresAt"], next_one["expiresAt"]) == (None, None)


def test_of_two_rotations_at_once_one_makes_the_successor(app: Flask, merchant: Merchant) -> None:
    key = make_key(merchant)
    path = f"{BASE}/api-keys/{key['id']}/rotate"

    def ask(_: int) -> int:
        return app.test_client().post(path, headers=merchant.headers(), json={}).status_code

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(ask, range(4))) == [201, 409, 409, 409]


@pytest.mark.parametrize("hours", [-1, 169, 1.5, "24", None, [1], 10**30])
def test_an_overlap_outside_seven_days_is_refused(
    app: Flask, merchant: Merchant, hours: Any
) -> None:
    key = make_key(merchant)
    before = row_counts(app)
    answer = merchant.post(f"/api-keys/{key['id']}/rotate", {"overlapHours": hours})
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == {"overlapHours"}
    assert row_counts(app) == before


def test_a_revoked_key_is_refused_within_a_second(
    merchant: Merchant, works: Works, later_by: LaterBy
) -> None:
    key = make_key(merchant)
    assert works(key["apiKey"])
    assert merchant.delete(f"/api-keys/{key['id']}").status_code == 204
    later_by(1)
    assert not works(key["apiKey"])
    assert shown(merchant, key)["revokedAt"] is not None


def test_revoking_twice_is_the_same_as_once(merchant: Merchant) -> None:
    key = make_key(merchant)
    assert merchant.delete(f"/api-keys/{key['id']}").status_code == 204
    first = shown(merchant, key)
    assert merchant.delete(f"/api-keys/{key['id']}").status_code == 204
    assert shown(merchant, key) == first


def test_a_key_that_is_over_cannot_be_rotated_back_to_life(merchant: Merchant) -> None:
    revoked, rotated = make_key(merchant), make_key(merchant)
    merchant.delete(f"/api-keys/{revoked['id']}")
    rotate(merchant, rotated, {"overlapHours": 0})
    for key in (revoked, rotated):
        answer = merchant.post(f"/api-keys/{key['id']}/rotate", {})
        refusal(answer, 409, "key_not_usable")


@pytest.mark.parametrize("key_id", ["key_" + "0" * 26, "nonsense", "%00", "pay_" + "0" * 26])
def test_an_unknown_key_is_not_found(merchant: Merchant, key_id: str) -> None:
    refusal(merchant.get(f"/api-keys/{key_id}"), 404, "key_not_found")
    refusal(merchant.delete(f"/api-keys/{key_id}"), 404, "key_not_found")
    refusal(merchant.post(f"/api-keys/{key_id}/rotate", {}), 404, "key_not_found")


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"name"}),
        ({"name": ""}, {"name"}),
        ({"name": "x" * 101, "livemode": "yes"}, {"name", "livemode"}),
        ({"name": "a\nb", "expiresAt": "tomorrow"}, {"name", "expiresAt"}),
        ({"name": "Live", "livemode": 1}, {"livemode"}),
        ({"name": "a", "hash": "x", "tenantId": "ten_"}, {"hash", "tenantId"}),
    ],
)
def test_a_wrong_request_for_a_key_is_refused(
    app: Flask, merchant: Merchant, body: dict[str, Any], wrong: set[str]
) -> None:
    before = row_counts(app)
    answer = merchant.post("/api-keys", body)
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == wrong
    assert row_counts(app) == before
