"""A storm: many payments, seeded faults of every kind at once, and the books agree in the end."""

from collections import Counter
from typing import Any

import pytest

from tests.journeys.gateway import Gateway
from tests.journeys.shop import FINAL, Shop

PAYMENTS = 60
STORM: list[dict[str, Any]] = [
    {"operation": "requesttopay", "kind": "latency", "seconds": 0.3, "probability": 0.3},
    {"operation": "requesttopay", "kind": "reset_before", "probability": 0.25, "times": 8},
    {"operation": "requesttopay", "kind": "reset_after", "probability": 0.25, "times": 8},
    {"operation": "requesttopay", "kind": "error_after", "probability": 0.2, "times": 6},
    {"operation": "requesttopay", "kind": "status", "probability": 0.2, "times": 6},
    {
        "operation": "requesttopay",
        "kind": "status",
        "status": 429,
        "probability": 0.1,
        "times": 4,
    },
    {"operation": "poll", "kind": "garbage", "probability": 0.25, "times": 10},
    {"operation": "poll", "kind": "status", "status": 500, "probability": 0.2, "times": 6},
    {"operation": "token", "kind": "reset_after", "probability": 0.3, "times": 3},
    {"operation": "callback", "kind": "lost", "probability": 0.3},
    {"operation": "callback", "kind": "doubled", "probability": 0.3},
    {"operation": "callback", "kind": "late", "seconds": 2, "probability": 0.2},
]
"""Where something has `times`, it strikes so often early on: payments meet two or three of them."""

DECLINED = "260963123451"


@pytest.mark.long
def test_a_storm_ends_with_books_that_agree(gateway: Gateway, payer: str) -> None:
    shop = gateway.shop("Storm Traders")
    with gateway.network.faults_during(STORM):
        orders = [shop.order(DECLINED if n % 6 == 0 else payer) for n in range(PAYMENTS)]
        payments = [shop.send(order)["id"] for order in orders]
        gateway.network.expire_tokens()
        gateway.until(lambda: _open(shop) == 0, "the last payment to end", timeout_s=60)
        assert _resets_left(gateway) == 0
    statuses = {payment_id: shop.payment(payment_id)["status"] for payment_id in payments}
    charged = Counter(charge["externalId"] for charge in gateway.network.journal()["charges"])
    assert {payment_id: charged[payment_id] for payment_id in payments} == {
        payment_id: int(status == "SUCCESSFUL") for payment_id, status in statuses.items()
    }
    assert Counter(statuses.values()) == {"SUCCESSFUL": 50, "FAILED": 10}
    _assert_history_and_events_agree(gateway, shop, payments)


def _resets_left(gateway: Gateway) -> int:
    """How often the storm could still have struck requests to pay: it spared nothing."""
    left = [fault for fault in gateway.network.faults() if fault["operation"] == "requesttopay"]
    return sum(fault["times"] or 0 for fault in left)


def _open(shop: Shop) -> int:
    found = shop.ask("GET", "/payments?limit=100").json()["data"]
    assert len(found) == PAYMENTS
    return sum(payment["status"] not in FINAL for payment in found)


def _assert_history_and_events_agree(gateway: Gateway, shop: Shop, payments: list[str]) -> None:
    events = gateway.books.events(shop.tenant_id)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    for payment_id in payments:
        statuses = shop.statuses(payment_id)
        assert len(FINAL.intersection(statuses)) == 1
        assert statuses[-1] in FINAL
        told = [event["type"] for event in events if event["subject_id"] == payment_id]
        assert told[-1] == f"payment.{statuses[-1].lower()}"
        assert len(told) == len(set(told))
        assert gateway.books.discrepancies(payment_id) == []
