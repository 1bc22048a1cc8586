"""Reading payments: one as it stands, its history, and lists by filter."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due, result
from tests.support.merchants import BASE, Merchant
from tests.support.refusals import refusal, wrong_fields
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.transfers.models import Transfer

pytestmark = pytest.mark.usefixtures("network")
MEMBERS = {
    "id", "externalId", "provider", "livemode", "amount", "currency", "msisdn", "payerMessage",
    "payeeNote", "metadata", "status", "failure", "providerTransactionId", "createdAt",
    "updatedAt", "completedAt",
}  # fmt: skip


def listed(merchant: Merchant, **query: Any) -> list[str]:
    """The external ids of a list, in its order."""
    answer = merchant.get("/payments", **query)
    assert answer.status_code == 200, answer.json
    return [one["externalId"] for one in answer.json["data"]]


def test_one_payment_is_shown_as_it_was_asked_for(merchant: Merchant) -> None:
    asked: dict[str, Any] = {
        "externalId": "order-1042",
        "payerMessage": "Books \u2013 thank you",
        "payeeNote": "till 3",
        "metadata": {"cart": "77", "\u00fc": "\u4e2d"},
    }
    made = merchant.pay(msisdn="+260 96 312 3400", amount="12.5", **asked)
    shown = merchant.get(f"/payments/{made.json['id']}").json
    assert shown == made.json
    assert set(shown) == MEMBERS
    wanted = {"amount": "12.50", "currency": "ZMW", "msisdn": "260963123400", "provider": "MTN"}
    assert shown | {**asked, **wanted, "status": "PENDING", "livemode": True} == shown
    assert shown["failure"] is shown["providerTransactionId"] is shown["completedAt"] is None
    assert merchant.client.get(made.headers["Location"], headers=merchant.headers()).json == shown


@pytest.mark.parametrize(
    "msisdn", ["0963123400", "260963123400", "+260963123400", "+260 96 312 3400", "096-312-3400"]
)
def test_a_number_is_given_back_as_twelve_digits(merchant: Merchant, msisdn: str) -> None:
    assert merchant.pay(msisdn=msisdn).json["msisdn"] == "260963123400"


@pytest.mark.parametrize(
    ("amount", "told"),
    [("1", "1.00"), ("0.01", "0.01"), ("7.5", "7.50"), ("1000000", "1000000.00")],
)
def test_an_amount_is_given_back_with_both_decimals(
    merchant: Merchant, amount: str, told: str
) -> None:
    assert merchant.pay(amount=amount).json["amount"] == told


def test_times_are_in_utc_and_of_the_database(app: Flask, merchant: Merchant) -> None:
    shown = merchant.pay().json
    assert shown["createdAt"].endswith("Z")
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        age = tx.now - datetime.fromisoformat(shown["createdAt"])
    assert timedelta(0) <= age + timedelta(milliseconds=1) < timedelta(seconds=10)


def test_the_history_tells_each_transition_and_its_evidence(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    payment_id = merchant.pay().json["id"]
    task_queue.run_all()
    network.poll_answers = [result("SUCCESSFUL")]
    make_due(app, payment_id)
    with app.app_context():
        app.extensions["celery"].tasks["transfers.poll"](
            transfer_id=payment_id, tenant_id=merchant.tenant_id
        )
    moves = merchant.get(f"/payments/{payment_id}/events").json["data"]
    assert [(one["previousStatus"], one["status"], one["evidence"]) for one in moves] == [
        (None, "PENDING", "accepted"),
        ("PENDING", "PENDING", "submitted"),
        ("PENDING", "PROCESSING", "submitted"),
        ("PROCESSING", "SUCCESSFUL", "enquiry"),
    ]
    assert [one["position"] for one in moves] == [1, 2, 3, 4]
    assert [one["at"] for one in moves] == sorted(one["at"] for one in moves)
    shown = merchant.get(f"/payments/{payment_id}").json
    assert (shown["status"], shown["providerTransactionId"]) == ("SUCCESSFUL", "1884710816")
    assert shown["completedAt"] is not None


def test_an_endless_history_shows_its_latest_part(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = merchant.pay().json["id"]
    merchant.post(f"/payments/{payment_id}/cancel")
    monkeypatch.setattr("zampay.transfers.queries.MOST_SHOWN", 1)
    (last,) = merchant.get(f"/payments/{payment_id}/events").json["data"]
    assert last["position"] == 2


def test_a_cancelled_payment_says_so_everywhere(merchant: Merchant) -> None:
    payment_id = merchant.pay().json["id"]
    cancelled = merchant.post(f"/payments/{payment_id}/cancel").json
    assert cancelled["status"] == "FAILED"
    assert cancelled["failure"] == {
        "code": "cancelled",
        "message": "Cancelled before it was sent to the network.",
        "providerCode": None,
        "retry": "safe",
    }
    assert merchant.get(f"/payments/{payment_id}").json == cancelled
    last = merchant.get(f"/payments/{payment_id}/events").json["data"][-1]
    assert (last["status"], last["evidence"]) == ("FAILED", "cancelled")


def test_a_payment_with_the_network_cannot_be_cancelled(
    merchant: Merchant, task_queue: HeldQueue
) -> None:
    payment_id = merchant.pay().json["id"]
    task_queue.run_all()
    refusal(merchant.post(f"/payments/{payment_id}/cancel"), 409, "not_cancellable")
    assert merchant.get(f"/payments/{payment_id}").json["status"] == "PROCESSING"


@pytest.mark.parametrize(
    "payment_id", ["pay_" + "0" * 26, "pay_", "nonsense", "%00", "key_" + "0" * 26]
)
@pytest.mark.parametrize("rest", ["", "/events", "/cancel"])
def test_an_unknown_payment_is_not_found(merchant: Merchant, payment_id: str, rest: str) -> None:
    ask = merchant.post if rest == "/cancel" else merchant.get
    refusal(ask(f"/payments/{payment_id}{rest}"), 404, "payment_not_found")


def test_a_list_is_newest_first_and_filtered(merchant: Merchant, task_queue: HeldQueue) -> None:
    for name in ("a", "b"):
        merchant.pay(externalId=name)
    task_queue.run_all()
    for name in ("c", "d"):
        merchant.pay(externalId=name)
    assert listed(merchant) == ["d", "c", "b", "a"]
    assert listed(merchant, status="PENDING") == ["d", "c"]
    assert listed(merchant, status="PROCESSING") == ["b", "a"]
    assert listed(merchant, status="SUCCESSFUL") == []
    assert listed(merchant, externalId="b") == ["b"]
    assert listed(merchant, externalId="nothing") == []
    assert listed(merchant, provider="MTN", status="PENDING", limit=1) == ["d"]
    assert listed(merchant, provider="AIRTEL") == []


def test_a_list_is_filtered_by_time_from_inclusive_to_exclusive(
    app: Flask, merchant: Merchant
) -> None:
    for name in ("a", "b", "c"):
        merchant.pay(externalId=name)
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        at = dict(tx.session.execute(sa.select(Transfer.external_id, Transfer.created_at)).all())
    b, c = at["b"].isoformat(), at["c"].isoformat()
    assert listed(merchant, createdFrom=b) == ["c", "b"]
    assert listed(merchant, createdTo=b) == ["a"]
    assert listed(merchant, createdFrom=b, createdTo=c) == ["b"]
    assert listed(merchant, createdFrom=c, createdTo=b) == []


WRONG: list[dict[str, Any]] = [
    {"limit": 10**6}, {"limit": 0}, {"limit": -1}, {"limit": "ten"}, {"limit": ""},
    {"after": "nonsense"}, {"after": ""}, {"after": "%00"}, {"after": "\N{SNOWMAN}"},
    {"after": "MjAyNi0wMS0wMXxwYXk"}, {"after": "fA"}, {"after": "A" * 5000},
    {"status": "PAID"}, {"status": "pending"}, {"status": ""},
    {"createdFrom": "yesterday"}, {"createdFrom": "2026-01-31"}, {"createdTo": "2026-01-31T12:00"},
    {"createdFrom": "9999-12-31T23:59:59Z"}, {"createdTo": "0001-01-01T00:00:00+23:59"},
    {"externalId": "x" * 300}, {"externalId": "\x00"}, {"provider": "MTN;"},
    {"statsu": "FAILED"}, {"external_id": "order-1"}, {"limit": 0, "after": "?", "page": 2},
]  # fmt: skip


@pytest.mark.parametrize("query", WRONG, ids=str)
def test_a_wrong_query_names_everything_that_is_wrong(
    merchant: Merchant, query: dict[str, Any]
) -> None:
    body = refusal(merchant.get("/payments", **query), 422, "validation_failed")
    assert wrong_fields(body) == set(query)


def test_a_list_needs_no_body_and_takes_head(merchant: Merchant) -> None:
    answer = merchant.client.head(f"{BASE}/payments", headers=merchant.headers())
    assert (answer.status_code, answer.text) == (200, "")
