"""Zero, one or three beats, one or five workers: the same effect."""

import pytest
from celery import Celery

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop


def test_three_beats_have_the_effect_of_one(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    for number in (2, 3):
        gateway.start_another(f"beat-{number}", like="beat")
    network.fault("callback", "lost", msisdn=payer, times=5)
    payments = [shop.pay(payer)["id"] for _ in range(5)]
    for payment_id in payments:
        gateway.assert_paid_once(shop, payment_id)
        sent = network.requests(gateway.books.reference(payment_id), "requesttopay")
        assert sent == [202]


def test_without_a_beat_messages_still_work_and_the_rest_waits_for_one(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    gateway.stack.kill("beat")
    network.fault("callback", "lost", msisdn=payer)
    unheard = shop.pay(payer)["id"]
    reference = gateway.books.reference(unheard)
    gateway.until(lambda: network.callbacks(reference) == ["lost"], "the loss of its callback")
    received = shop.pay(payer)["id"]
    gateway.assert_paid_once(shop, received)
    gateway.until(lambda: gateway.books.payment(unheard)["is_due"], "a row that is due")
    assert shop.payment(unheard)["status"] == "PROCESSING"
    assert network.polls(reference) == 0
    gateway.stack.start("beat")
    gateway.assert_paid_once(shop, unheard)


@pytest.mark.long
def test_five_workers_at_once_have_the_effect_of_one(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    for number in range(2, 6):
        gateway.start_another(f"worker-{number}", f"--hostname w{number}@%h", like="worker")
    gateway.until(lambda: _workers(gateway) == 5, "five workers")
    payments = [shop.pay(payer)["id"] for _ in range(20)]
    for payment_id in payments:
        gateway.assert_paid_once(shop, payment_id)
        sent = network.requests(gateway.books.reference(payment_id), "requesttopay")
        assert sent == [202]


def _workers(gateway: Gateway) -> int:
    with Celery(broker=gateway.stack.environment["REDIS_URL"]) as celery:
        return len(celery.control.ping(limit=5, timeout=1))
