"""A callback is a hint: doubled, early, lost or forged, the network's own answer decides."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop

SILENT = "260963123453"
PAID = {"status": "SUCCESSFUL", "financialTransactionId": "1884710816"}


def test_fifty_copies_at_once_make_one_poll_and_one_move(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    gateway.stack.stop("beat")  # nobody but callbacks asks for polls now
    network.fault("callback", "lost", msisdn=payer)
    payment_id = shop.pay(payer)["id"]
    reference = gateway.books.reference(payment_id)
    gateway.until(lambda: network.callbacks(reference) == ["lost"], "the loss of the true one")
    assert network.polls(reference) == 0
    network.call_back(reference, copies=50)
    gateway.assert_paid_once(shop, payment_id)
    assert network.callbacks(reference).count(200) == 50
    gateway.assert_paid_once(shop, shop.pay(payer)["id"])  # whatever was enqueued before runs now
    assert network.polls(reference) == 1
    assert [kept["processed_at"] is None for kept in gateway.books.callbacks(payment_id)] == [False]


def test_different_callbacks_at_once_make_one_move(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    gateway.stack.stop("beat")
    network.fault("callback", "lost", msisdn=payer)
    payment_id = shop.pay(payer)["id"]
    reference = gateway.books.reference(payment_id)
    gateway.until(lambda: network.callbacks(reference) == ["lost"], "the loss of the true one")
    url = network.callback_url(reference)
    with ThreadPoolExecutor(20) as everybody:
        answers = list(everybody.map(lambda n: _call_back(url, {**PAID, "n": n}), range(20)))
    assert answers == [200] * 20
    gateway.assert_paid_once(shop, payment_id)
    gateway.until(
        lambda: all(kept["processed_at"] for kept in gateway.books.callbacks(payment_id)),
        "all to be looked into",
    )


def _call_back(url: str, body: dict[str, Any]) -> int:
    with requests.Session() as session:
        session.trust_env = False
        return session.put(url, json=body, timeout=10).status_code


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


def test_a_callback_before_the_answer_is_heard(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    network.fault("callback", "early", msisdn=payer)
    payment_id = shop.pay(payer)["id"]
    gateway.assert_paid_once(shop, payment_id)
    reference = gateway.books.reference(payment_id)
    assert network.callbacks(reference) == [200]
    gateway.until(lambda: not gateway.books.payment(payment_id)["is_due"], "the books to be quiet")
    assert shop.payment(payment_id)["status"] == "SUCCESSFUL"
    assert gateway.books.discrepancies(payment_id) == []


def test_nothing_depends_on_a_callback(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    network.fault("callback", "lost", msisdn=payer)
    payment_id = shop.pay(payer)["id"]
    gateway.assert_paid_once(shop, payment_id)
    assert shop.history(payment_id)[-1]["evidence"] == "enquiry"


def test_a_forged_callback_moves_nothing(gateway: Gateway, network: Network, shop: Shop) -> None:
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
