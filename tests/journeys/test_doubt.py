"""Doubt: the order may have landed or not. One charge, and the right end, whatever happened."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop

RESET_AFTER, RESET_BEFORE, ERROR_AFTER = "260963123472", "260963123473", "260963123474"
LANDED: dict[str, tuple[str, dict[str, Any]]] = {
    "reset after the charge": ("reset_after", {}),
    "500 with HTML after the charge": ("error_after", {"body": "<h1>Oops</h1>"}),
    "empty 500 after the charge": ("error_after", {"body": ""}),
    "hangs after the charge": ("hang", {"when": "after"}),
    "late answer": ("latency", {"seconds": 3.0}),
    "garbage": ("garbage", {}),
}
NEVER_LANDED: dict[str, tuple[str, dict[str, Any]]] = {
    "reset before the charge": ("reset_before", {"times": 2}),
    "503 before the charge": ("status", {"status": 503, "times": 2}),
    "HTML of a firewall": ("status", {"status": 502, "body": "<h1>Bad gateway</h1>"}),
    "hangs before the charge": ("hang", {"when": "before"}),
}
ASKED = {
    "asked in vain": [("garbage", {}), ("status", {"status": 500})],
    "asked too often": [("status", {"status": 429})],
    "forgotten for a while": [("not_found", {"times": 2})],
}
ANSWERS = {
    "asked in vain": [500, 200, 200],  # the first 200 is the garbage
    "asked too often": [429, 200],
    "forgotten for a while": [404, 404, 200],
}


@pytest.fixture(scope="module")
def sent(running: Gateway, shop: Shop, numbers: Iterator[str]) -> dict[str, str]:
    """Every doubt at once, each with a payer of its own: name to payment id."""
    payments = {}
    for name, (kind, details) in {**LANDED, **NEVER_LANDED}.items():
        payer = next(numbers)
        running.network.fault("requesttopay", kind, msisdn=payer, **details)
        payments[name] = shop.pay(payer)["id"]
    for payer in (RESET_AFTER, RESET_BEFORE, ERROR_AFTER):
        payments[payer] = shop.pay(payer)["id"]
    for name, faults in ASKED.items():
        payer = next(numbers)
        running.network.fault("callback", "lost", msisdn=payer)
        for kind, details in faults:
            running.network.fault("poll", kind, msisdn=payer, **details)
        payments[name] = shop.pay(payer)["id"]
    return payments


@pytest.mark.parametrize("name", [*LANDED, RESET_AFTER, ERROR_AFTER])
def test_what_landed_in_doubt_is_found_by_asking_and_never_sent_again(
    gateway: Gateway, network: Network, shop: Shop, sent: dict[str, str], name: str
) -> None:
    gateway.assert_paid_once(shop, sent[name])
    reference = gateway.books.reference(sent[name])
    assert len(network.requests(reference, "requesttopay")) <= 1  # a late answer is never heard


@pytest.mark.parametrize("name", [*NEVER_LANDED, RESET_BEFORE])
def test_what_never_landed_is_sent_again_under_the_same_reference(
    gateway: Gateway, network: Network, shop: Shop, sent: dict[str, str], name: str
) -> None:
    gateway.assert_paid_once(shop, sent[name])
    reference = gateway.books.reference(sent[name])
    assert 202 in network.requests(reference, "requesttopay")


def test_a_request_that_arrives_after_its_repetition_charges_nobody_twice(
    gateway: Gateway, network: Network, shop: Shop, sent: dict[str, str]
) -> None:
    payment_id = sent["hangs before the charge"]
    gateway.assert_paid_once(shop, payment_id)
    reference = gateway.books.reference(payment_id)
    network.release()
    gateway.until(
        lambda: len(network.requests(reference, "requesttopay")) == 2, "the first one to arrive"
    )
    assert network.requests(reference, "requesttopay") == [202, 409]
    gateway.assert_paid_once(shop, payment_id)


@pytest.mark.parametrize(("name", "answers"), ANSWERS.items())
def test_a_poll_that_fails_and_a_404_about_what_was_acknowledged_prove_nothing(
    gateway: Gateway,
    network: Network,
    shop: Shop,
    sent: dict[str, str],
    name: str,
    answers: list[int],
) -> None:
    gateway.assert_paid_once(shop, sent[name])
    reference = gateway.books.reference(sent[name])
    assert network.requests(reference, "poll") == answers
    assert network.requests(reference, "requesttopay") == [202]
