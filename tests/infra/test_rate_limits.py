"""How often one may ask: per key, per address, told in headers, and never a reason to stop."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.infra.conftest import MakeApp
from tests.support.merchants import BASE, Merchant
from tests.support.refusals import refusal
from zampay.app import ROUTE_LIMITS
from zampay.infra.redis import redis_client

REGISTRATION = {"businessName": "Kalulu Books", "email": "owner@example.com"}


def with_wrong_key(client: FlaskClient, **environment: str) -> TestResponse:
    headers = {"Authorization": "Bearer zp_test_wrong"}
    return client.get(f"{BASE}/payments", headers=headers, environ_base=environment)


def same_merchant(app: Flask, merchant: Merchant) -> Merchant:
    """The merchant as they ask another application on the same database."""
    return Merchant(app.test_client(), merchant.tenant_id, merchant.test_key, merchant.live_key)


def seconds(answer: TestResponse, name: str) -> int:
    return int(answer.headers[name])


def test_an_authenticated_answer_tells_the_limit(another_app: MakeApp, merchant: Merchant) -> None:
    asking = same_merchant(another_app(limit_per_key="100/hour"), merchant)
    first, second = asking.get("/payments"), asking.get("/api-keys")
    assert first.headers["RateLimit-Limit"] == "100"
    assert [first.headers["RateLimit-Remaining"], second.headers["RateLimit-Remaining"]] == [
        "99",
        "98",
    ]
    assert 0 < seconds(first, "RateLimit-Reset") <= 3600
    assert "Retry-After" not in first.headers


def test_a_refusal_of_an_authenticated_caller_tells_it_too(merchant: Merchant) -> None:
    assert "RateLimit-Remaining" in merchant.get("/payments/pay_unknown").headers
    assert "RateLimit-Remaining" in merchant.pay(amount="0").headers


def test_over_the_limit_is_429_and_says_when_to_come_back(
    another_app: MakeApp, merchant: Merchant
) -> None:
    asking = same_merchant(another_app(limit_per_key="2/minute"), merchant)
    assert [asking.get("/payments").status_code for _ in range(2)] == [200, 200]
    answer = asking.get("/payments")
    refusal(answer, 429, "too_many_requests")
    assert 0 < seconds(answer, "Retry-After") <= 60
    assert answer.headers["RateLimit-Remaining"] == "0"


def test_each_count_ends_with_its_window(another_app: MakeApp, merchant: Merchant) -> None:
    app = another_app(limit_per_key="7/minute", limit_per_tenant="9/hour")
    same_merchant(app, merchant).get("/payments")
    with app.app_context():
        client = redis_client.client()
        left_s = {name: client.ttl(name) for name in client.scan_iter("limit/*")}
    (of_key,) = [left for name, left in left_s.items() if name.endswith("/7/60")]
    (of_tenant,) = [left for name, left in left_s.items() if name.endswith("/9/3600")]
    assert 0 < of_key <= 60 < of_tenant <= 3600


def test_a_key_is_counted_together_however_its_header_is_written(
    another_app: MakeApp, merchant: Merchant
) -> None:
    client = another_app(limit_per_key="2/minute").test_client()
    statuses = []
    for scheme in ("Bearer ", "bearer ", "BEARER   "):
        headers = merchant.headers() | {"Authorization": f"{scheme}{merchant.live_key}"}
        statuses.append(client.get(f"{BASE}/payments", headers=headers).status_code)
    assert statuses == [200, 200, 429]


def test_keys_are_counted_apart(another_app: MakeApp, merchant: Merchant, rival: Merchant) -> None:
    app = another_app(limit_per_key="1/minute")
    asking, other = same_merchant(app, merchant), same_merchant(app, rival)
    assert asking.get("/payments").status_code == 200
    assert asking.get("/payments").status_code == 429
    assert asking.get("/payments", live=False).status_code == 200
    assert other.get("/payments").status_code == 200


def with_another_key(merchant: Merchant) -> Merchant:
    """The same tenant with a further live key."""
    made = merchant.post("/api-keys", {"name": "Till", "livemode": True}).json
    return Merchant(merchant.client, merchant.tenant_id, merchant.test_key, made["apiKey"])


def test_all_keys_of_a_tenant_are_counted_together(
    another_app: MakeApp, merchant: Merchant, rival: Merchant
) -> None:
    till = with_another_key(merchant)
    app = another_app(limit_per_tenant="2/minute")
    keys = [same_merchant(app, one) for one in (merchant, till)]
    assert [one.get("/payments").status_code for one in keys] == [200, 200]
    answer = keys[0].get("/payments", live=False)
    refusal(answer, 429, "too_many_requests")
    assert 0 < seconds(answer, "Retry-After") <= 60
    assert (answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]) == ("2", "0")
    assert same_merchant(app, rival).get("/payments").status_code == 200


def test_they_are_without_redis_too(another_app: MakeApp, merchant: Merchant) -> None:
    app = another_app(limit_per_tenant="2/minute", redis_url="redis://127.0.0.1:1")
    asking = same_merchant(app, merchant)
    found = [asking.get("/payments", live=live).status_code for live in (True, False, True)]
    assert found == [200, 200, 429]


@pytest.mark.parametrize(
    "endpoint",
    [
        *("webhook-endpoints.test", "webhook-endpoints.create", "webhook-endpoints.replay"),
        *("events.resend", "api-keys.create_key", "api-keys.rotate_key"),
    ],
)
def test_a_route_with_its_own_limit_counts_all_keys_of_a_tenant_together(
    another_app: MakeApp,
    merchant: Merchant,
    rival: Merchant,
    endpoint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    till = with_another_key(merchant)
    assert endpoint in ROUTE_LIMITS
    monkeypatch.setitem(ROUTE_LIMITS, endpoint, "2/minute")
    app = another_app()
    path = {
        "webhook-endpoints.test": "/webhook-endpoints/whe_unknown/test",
        "webhook-endpoints.create": "/webhook-endpoints",
        "webhook-endpoints.replay": "/webhook-endpoints/whe_unknown/replay",
        "events.resend": "/events/evt_unknown/resend",
        "api-keys.create_key": "/api-keys",
        "api-keys.rotate_key": "/api-keys/key_unknown/rotate",
    }[endpoint]
    asked = (merchant, till, till, rival)
    found = [same_merchant(app, one).post(path, {}).status_code for one in asked]
    assert (found[2], 429 in found[:2] + found[3:]) == (429, False)


def test_a_stranger_uses_up_nothing_of_a_tenant(another_app: MakeApp, merchant: Merchant) -> None:
    app = another_app(limit_per_tenant="1/minute")
    named = {"x-tenant-id": merchant.tenant_id, "Authorization": f"Bearer zp_live_{'0' * 48}"}
    for _ in range(3):
        refusal(app.test_client().get(f"{BASE}/payments", headers=named), 401, "not_authenticated")
    assert same_merchant(app, merchant).get("/payments").status_code == 200


def test_processes_share_a_count(another_app: MakeApp, merchant: Merchant) -> None:
    one, two = (same_merchant(another_app(limit_per_key="1/minute"), merchant) for _ in range(2))
    assert one.get("/payments").status_code == 200
    assert two.get("/payments").status_code == 429


def test_refused_keys_are_counted_per_address(another_app: MakeApp, merchant: Merchant) -> None:
    app = another_app(limit_per_address="2/minute")
    guessing = app.test_client()
    found = [with_wrong_key(guessing, REMOTE_ADDR="192.0.2.1").status_code for _ in range(3)]
    assert found == [401, 401, 429]
    answer = with_wrong_key(guessing, REMOTE_ADDR="192.0.2.1")
    refusal(answer, 429, "too_many_requests")
    assert (answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]) == ("2", "0")
    assert seconds(answer, "Retry-After") > 0
    assert with_wrong_key(guessing, REMOTE_ADDR="192.0.2.2").status_code == 401


def test_no_key_at_all_is_counted_too(another_app: MakeApp) -> None:
    client = another_app(limit_per_address="2/minute").test_client()
    found = [client.get(f"{BASE}/payments").status_code for _ in range(3)]
    assert found == [401, 401, 429]


def test_good_keys_are_heard_from_an_address_full_of_bad_ones(
    another_app: MakeApp, merchant: Merchant
) -> None:
    asking = same_merchant(another_app(limit_per_address="1/minute"), merchant)
    found = [with_wrong_key(asking.client).status_code for _ in range(3)]
    assert found == [401, 429, 429]
    answer = asking.get("/payments")
    assert answer.status_code == 200
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
    ],
)
def test_addresses_of_one_customer_are_counted_together(
    another_app: MakeApp,
    first: str,
    second: str,
    together: bool,  # noqa: FBT001
) -> None:
    client = another_app(limit_per_address="1/minute").test_client()
    assert with_wrong_key(client, REMOTE_ADDR=first).status_code == 401
    found = with_wrong_key(client, REMOTE_ADDR=second).status_code
    assert found == (429 if together else 401)


def test_good_keys_use_up_nothing_of_the_address(another_app: MakeApp, merchant: Merchant) -> None:
    asking = same_merchant(another_app(limit_per_address="2/minute"), merchant)
    assert {asking.get("/payments").status_code for _ in range(5)} == {200}


def test_registration_is_limited_per_address(another_app: MakeApp) -> None:
    client = another_app(limit_per_address="2/minute").test_client()
    answers = [client.post(f"{BASE}/auth/register", json=REGISTRATION) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    refusal(answers[-1], 429, "too_many_requests")
    assert seconds(answers[-1], "Retry-After") > 0


@pytest.mark.parametrize("path", ["/health/live", "/api/openapi.json", "/api/docs"])
def test_what_needs_no_key_is_left_alone(another_app: MakeApp, path: str) -> None:
    client = another_app(limit_per_key="1/minute", limit_per_address="1/minute").test_client()
    answers = [client.get(path) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit-Limit" not in answers[0].headers


def test_a_503_keeps_its_own_retry_after(
    monkeypatch: pytest.MonkeyPatch, merchant: Merchant
) -> None:
    def away(*_: object) -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, ConnectionError())

    monkeypatch.setattr("sqlalchemy.orm.Session.execute", away)
    answer = merchant.get("/payments")
    refusal(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "2"
