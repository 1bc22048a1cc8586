"""A key is known for a second: what is refused then, and what is never known."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.merchants import Merchant
from tests.support.refusals import refusal
from tests.support.round_trips import round_trips
from tests.tenants.conftest import LaterBy
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.kernel import clock
from zampay.tenants import known_keys
from zampay.tenants.known_keys import KnownKey
from zampay.tenants.models import ApiKey, Tenant


def kept(app: Flask) -> int:
    return len(app.extensions["known_keys"].kept)


def asked(merchant: Merchant) -> int:
    """How often PostgreSQL is asked for one request."""
    with round_trips() as made:
        merchant.get("/payments")
    return made.count


def test_a_key_is_looked_up_once_a_second(
    app: Flask, merchant: Merchant, later_by: LaterBy
) -> None:
    merchant.get("/payments")
    known = asked(merchant)
    later_by(1)
    assert asked(merchant) == known + 3
    assert asked(merchant) == known


def test_a_tenant_is_suspended_within_a_second_and_resumed_at_once(
    app: Flask, merchant: Merchant, later_by: LaterBy
) -> None:
    assert merchant.get("/payments").status_code == 200
    for moment, expected in ((sa.func.now(), 403), (None, 200)):
        with app.app_context(), transaction(EVERY_TENANT) as tx:
            tx.session.execute(sa.update(Tenant).values(suspended_at=moment))
        if moment is not None:
            later_by(1)
        for _ in range(2):
            assert merchant.get("/payments").status_code == expected


def test_a_key_that_is_refused_is_not_known(app: Flask, merchant: Merchant) -> None:
    known_keys.init(app)
    stranger = Merchant(merchant.client, merchant.tenant_id, "", f"zp_live_{'0' * 48}")
    refusal(stranger.get("/payments"), 401, "not_authenticated")
    for change in ({"expires_at": sa.func.now()}, {"revoked_at": sa.func.now()}):
        with app.app_context(), transaction(EVERY_TENANT) as tx:
            tx.session.execute(sa.update(ApiKey).values(change))
        refusal(merchant.get("/payments"), 401, "not_authenticated")
    assert kept(app) == 0


def key(**changes: object) -> KnownKey:
    known = {
        "id": "key_1",
        "tenant_id": "ten_1",
        "livemode": True,
        "scopes": frozenset[str](),
        "is_suspended": False,
        "expires_at": None,
    }
    return KnownKey(**{**known, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("left_s", "known_s"), [(0.25, 0.25), (60, 1)])
def test_a_key_is_not_known_beyond_its_end(
    app: Flask, later_by: LaterBy, left_s: float, known_s: float
) -> None:
    later_by(0)
    now = clock.utcnow()
    ending = key(expires_at=now + timedelta(seconds=left_s))
    with app.app_context():
        known_keys.keep("digest", ending, asked_s=clock.monotonic_s(), now=now)
        assert known_keys.known("digest") == ending
        later_by(known_s)
        assert known_keys.known("digest") is None


def test_only_so_many_are_kept(app: Flask) -> None:
    with app.app_context():
        for number in range(known_keys.MOST_KEPT + 1):
            asked_s = clock.monotonic_s()
            known_keys.keep(str(number), key(), asked_s=asked_s, now=clock.utcnow())
    assert 0 < kept(app) <= known_keys.MOST_KEPT
