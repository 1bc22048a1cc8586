"""Acts with keys that happen at the same time, and how many keys there may be."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from tests.infra.rows import session, until_somebody_waits
from tests.support.merchants import Merchant
from tests.support.refusals import refusal
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.tenants.keys import MOST_KEYS
from zampay.tenants.models import ApiKey


def another_client(app: Flask, merchant: Merchant) -> Merchant:
    return Merchant(app.test_client(), merchant.tenant_id, merchant.test_key, merchant.live_key)


def usable(merchant: Merchant) -> set[str]:
    found = merchant.get("/api-keys", limit=100).json["data"]
    return {one["id"] for one in found if one["revokedAt"] is None}


def one_after_the_other(
    app: Flask,
    merchant: Merchant,
    first: Callable[[Merchant], Any],
    then: Callable[[Merchant], Any],
) -> list[TestResponse]:
    """Both begin while nobody can go on; `first` has waited longer, and goes first."""
    with ThreadPoolExecutor(2) as threads, session(app, merchant.tenant_id) as holder:
        holder.execute("SELECT FROM tenants FOR NO KEY UPDATE")
        asked = []
        for count, ask in enumerate((first, then), start=1):
            asked.append(threads.submit(ask, another_client(app, merchant)))
            until_somebody_waits(app, count)
        holder.commit()
        return [one.result() for one in asked]


@pytest.fixture
def leaked(merchant: Merchant) -> Merchant:
    """The merchant as a thief with a further live key."""
    made = merchant.post("/api-keys", {"name": "Leaked", "livemode": True}).json
    return Merchant(merchant.client, merchant.tenant_id, merchant.test_key, made["apiKey"])


def id_of(merchant: Merchant, name: str) -> str:
    keys = merchant.get("/api-keys").json["data"]
    return next(str(one["id"]) for one in keys if one["name"] == name)


def test_a_successor_made_while_its_key_is_being_revoked_is_revoked_too(
    app: Flask, merchant: Merchant, leaked: Merchant
) -> None:
    path = f"/api-keys/{id_of(merchant, 'Leaked')}"
    before = usable(merchant)
    rotated, revoked = one_after_the_other(
        app,
        merchant,
        lambda _: another_client(app, leaked).post(f"{path}/rotate", {}),
        lambda own: own.delete(path),
    )
    assert (rotated.status_code, revoked.status_code) == (201, 204)
    assert usable(merchant) == before - {path.rsplit("/", 1)[1]}
    actions = [one["action"] for one in merchant.get("/audit-log").json["data"][:3]]
    assert actions == ["key.revoked", "key.revoked", "key.rotated"]


@pytest.mark.parametrize("act", ["rotate", "create", "revoke"])
def test_a_key_that_is_being_revoked_does_nothing_more(
    app: Flask, merchant: Merchant, leaked: Merchant, act: str
) -> None:
    key_id, other = id_of(merchant, "Leaked"), id_of(merchant, "Live")
    acts: dict[str, Callable[[Merchant], TestResponse]] = {
        "rotate": lambda thief: thief.post(f"/api-keys/{key_id}/rotate", {}),
        "create": lambda thief: thief.post("/api-keys", {"name": "Mine"}),
        "revoke": lambda thief: thief.delete(f"/api-keys/{other}"),
    }
    before = usable(merchant)
    revoked, tried = one_after_the_other(
        app,
        merchant,
        lambda own: own.delete(f"/api-keys/{key_id}"),
        lambda _: acts[act](another_client(app, leaked)),
    )
    assert revoked.status_code == 204
    refusal(tried, 401, "not_authenticated")
    assert usable(merchant) == before - {key_id}


def test_a_successor_that_was_there_before_stays(merchant: Merchant) -> None:
    old = id_of(merchant, "Live")
    new = merchant.post(f"/api-keys/{old}/rotate", {}).json
    assert merchant.delete(f"/api-keys/{old}").status_code == 204
    merchant.live_key = new["apiKey"]
    assert new["id"] in usable(merchant)


def fill(app: Flask, merchant: Merchant, count: int) -> None:
    """Give the merchant so many keys that can be used."""
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        values = {
            "tenant_id": merchant.tenant_id,
            "livemode": False,
            "name": "x",
            "hint": "zp_test_xxxx",
            "scopes": [],
        }
        have = tx.session.scalar(
            sa.select(sa.func.count())
            .select_from(ApiKey)
            .where(ApiKey.tenant_id == merchant.tenant_id)
        )
        rows = [
            {**values, "id": f"key_{number:026}", "hash": f"{number}"}
            for number in range(count - (have or 0))
        ]
        tx.session.execute(sa.insert(ApiKey), rows)


def test_an_account_has_so_many_keys_that_can_be_used(
    app: Flask, merchant: Merchant, rival: Merchant
) -> None:
    fill(app, merchant, MOST_KEYS)
    refusal(merchant.post("/api-keys", {"name": "One more"}), 422, "too_many_api_keys")
    rotation = merchant.post(f"/api-keys/key_{1:026}/rotate", {})
    refusal(rotation, 422, "too_many_api_keys")
    assert rival.post("/api-keys", {"name": "One more"}).status_code == 201
    merchant.delete(f"/api-keys/key_{0:026}")
    assert merchant.post("/api-keys", {"name": "One more"}).status_code == 201


def test_a_rotation_without_overlap_needs_no_further_place(app: Flask, merchant: Merchant) -> None:
    fill(app, merchant, MOST_KEYS)
    path = f"/api-keys/key_{0:026}/rotate"
    assert merchant.post(path, {"overlapHours": 0}).status_code == 201


def test_keys_are_listed_in_pages(app: Flask, merchant: Merchant) -> None:
    fill(app, merchant, 45)
    seen: list[str] = []
    after: str | None = None
    for size in (20, 20, 5):
        query: dict[str, Any] = {} if after is None else {"after": after}
        page = merchant.get("/api-keys", **query).json
        assert len(page["data"]) == size
        seen += [one["id"] for one in page["data"]]
        after = page["nextCursor"]
        assert page["hasMore"] is (after is not None)
    assert after is None
    assert len(set(seen)) == 45
    assert merchant.get("/api-keys", limit=101).status_code == 422
