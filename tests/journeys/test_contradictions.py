"""The network takes its word back: final stays final, and the contradiction is kept."""

from typing import Any

import pytest

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop

SILENT = "260963123453"
FIRST_WORDS: dict[str, dict[str, Any]] = {
    "SUCCESSFUL": {"status": "SUCCESSFUL", "amount": "12.5", "currency": "ZMW"},
    "FAILED": {"status": "FAILED", "reason": "EXPIRED"},
    "another amount": {"status": "SUCCESSFUL", "amount": "1.25", "currency": "ZMW"},
}


@pytest.fixture(scope="module")
def first_told(running: Gateway, shop: Shop) -> dict[str, str]:
    """Payments of which the network's first word is not its last: name of the word to id."""
    payments = {}
    for name, word in FIRST_WORDS.items():
        payments[name] = shop.pay(SILENT)["id"]
        reference = running.books.reference(payments[name])
        running.network.fault("poll", "status", status=200, body=word, referenceId=reference)
    return payments


@pytest.mark.parametrize(("first", "late"), [("SUCCESSFUL", "FAILED"), ("FAILED", "SUCCESSFUL")])
def test_a_late_contrary_ending_is_kept_beside_the_payment(
    gateway: Gateway,
    network: Network,
    shop: Shop,
    first_told: dict[str, str],
    first: str,
    late: str,
) -> None:
    payment_id = first_told[first]
    gateway.until_status(shop, payment_id, first)
    before, history = shop.payment(payment_id), shop.history(payment_id)
    assert gateway.books.discrepancies(payment_id) == []
    network.settle(gateway.books.reference(payment_id), late)
    gateway.until(lambda: gateway.books.discrepancies(payment_id) != [], "the contradiction")
    assert gateway.books.discrepancies(payment_id) == ["contrary_ending"]
    assert (shop.payment(payment_id), shop.history(payment_id)) == (before, history)


def test_figures_that_differ_settle_nothing(
    gateway: Gateway, network: Network, shop: Shop, first_told: dict[str, str]
) -> None:
    payment_id = first_told["another amount"]
    gateway.until_status(shop, payment_id, "IN_REVIEW")
    assert gateway.books.discrepancies(payment_id) == ["figures_differ"]
    network.settle(gateway.books.reference(payment_id), "SUCCESSFUL")
    gateway.assert_paid_once(shop, payment_id)
