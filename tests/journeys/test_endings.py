"""How payments end, live through the simulated network and on a test key through the sandbox."""

import pytest

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop

DECLINES = {
    "260963123450": "unspecified",
    "260963123451": "payer_declined",
    "260963123452": "approval_timeout",
    "260963123455": "payer_not_found",
    "260963123456": "payer_not_allowed",
    "260963123458": "provider_rejected",
    "260963123463": "approval_timeout",
    "260963123464": "unspecified",
    "260963123470": "insufficient_funds",
    "260963123471": "limit_exceeded",
}
"""Number to failure code; 58 is refused at once, the others after they were accepted."""


@pytest.fixture(scope="module")
def declined(running: Gateway, shop: Shop) -> dict[str, str]:
    """A payment for each number, all sent before the first is looked at: number to id."""
    return {msisdn: shop.pay(msisdn)["id"] for msisdn in DECLINES}


def test_a_payment_goes_through(gateway: Gateway, shop: Shop, payer: str) -> None:
    order = shop.order(payer, amount="25.50")
    accepted = shop.send(order)
    assert (accepted["status"], accepted["livemode"]) == ("PENDING", True)
    gateway.assert_paid_once(shop, accepted["id"])
    payment = shop.payment(accepted["id"])
    assert {name: payment[name] for name in order} == order
    assert payment["providerTransactionId"]
    assert payment["completedAt"] == payment["updatedAt"]


def test_every_transition_says_by_what_evidence(gateway: Gateway, shop: Shop, payer: str) -> None:
    payment_id = shop.pay(payer)["id"]
    gateway.until_final(shop, payment_id)
    moves = [(move["status"], move["evidence"]) for move in shop.history(payment_id)]
    assert moves == [
        ("PENDING", "accepted"),
        ("PENDING", "submitted"),
        ("PROCESSING", "submitted"),
        ("SUCCESSFUL", "callback"),
    ]


@pytest.mark.parametrize(("msisdn", "code"), DECLINES.items())
def test_a_no_of_the_network_is_told_with_its_reason(
    gateway: Gateway, shop: Shop, declined: dict[str, str], msisdn: str, code: str
) -> None:
    payment = gateway.until_final(shop, declined[msisdn])
    assert payment["status"] == "FAILED"
    assert payment["failure"]["code"] == code
    assert gateway.network.charges(payment["id"]) == 0


def test_a_test_key_reaches_the_sandbox_and_never_the_network(
    gateway: Gateway, network: Network, payer: str
) -> None:
    tester = Shop.open(gateway.session, gateway.stack.url, "Tester")
    paid, refused = tester.pay(payer)["id"], tester.pay("260963123451")["id"]
    assert gateway.until_final(tester, paid)["status"] == "SUCCESSFUL"
    assert gateway.until_final(tester, refused)["failure"]["code"] == "payer_declined"
    assert tester.payment(paid)["livemode"] is False
    for payment_id in (paid, refused):
        assert network.requests(gateway.books.reference(payment_id), "requesttopay") == []


def test_a_payer_who_does_not_answer_stays_processing_and_is_asked_about(
    gateway: Gateway, network: Network, shop: Shop
) -> None:
    payment_id = shop.pay("260963123453")["id"]
    gateway.until_status(shop, payment_id, "PROCESSING")
    reference = gateway.books.reference(payment_id)
    gateway.until(lambda: network.polls(reference) >= 1, "an enquiry")
    assert shop.payment(payment_id)["status"] == "PROCESSING"
    network.settle(reference, "SUCCESSFUL")
    gateway.assert_paid_once(shop, payment_id)
