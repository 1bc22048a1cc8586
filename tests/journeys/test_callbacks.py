"""A callback is a hint: doubled, lost or forged, the network's own answer decides.

Copies at once and a callback before the answer are in tests/transfers/test_callbacks.py.
"""

import requests

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop

SILENT = "260963123453"
PAID = {"status": "SUCCESSFUL", "financialTransactionId": "1884710816"}


def test_copies_that_come_after_the_end_change_nothing(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    payment_id = shop.pay(payer)["id"]
    gateway.assert_paid_once(shop, payment_id)
    reference = gateway.books.reference(payment_id)
    before = shop.payment(payment_id), shop.history(payment_id), network.polls(reference)
    network.call_back(reference, copies=50)
    gateway.assert_paid_once(shop, shop.pay(payer)["id"])
    after = shop.payment(payment_id), shop.history(payment_id), network.polls(reference)
    assert after == before


def test_nothing_depends_on_a_callback(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    network.fault("callback", "lost", msisdn=payer)
    payment_id = shop.pay(payer)["id"]
    gateway.assert_paid_once(shop, payment_id)
    assert shop.history(payment_id)[-1]["evidence"] == "enquiry"


def test_a_forged_callback_changes_nothing(gateway: Gateway, network: Network, shop: Shop) -> None:
    payment_id = shop.pay(SILENT)["id"]
    gateway.until_status(shop, payment_id, "PROCESSING")
    reference = gateway.books.reference(payment_id)
    asked = network.polls(reference)
    network.call_back(reference, body={**PAID, "externalId": payment_id, "amount": "12.5"})
    assert network.callbacks(reference) == [200]
    gateway.until(lambda: network.polls(reference) > asked, "the network to be asked")
    gateway.until(
        lambda: all(kept["processed_at"] for kept in gateway.books.callbacks(payment_id)),
        "the forgery to be looked into",
    )
    assert shop.statuses(payment_id) == ["PENDING", "PENDING", "PROCESSING"]
    network.settle(reference, "FAILED", "APPROVAL_REJECTED")
    assert gateway.until_final(shop, payment_id)["failure"]["code"] == "payer_declined"
    assert network.charges(payment_id) == 0


def test_a_callback_under_a_token_that_we_never_gave_is_not_found(gateway: Gateway) -> None:
    with requests.Session() as stranger:
        url = f"{gateway.stack.url}/api/v1/callbacks/mtn/{'a' * 40}"
        answer = stranger.put(url, json=PAID, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (404, "callback_unknown")
