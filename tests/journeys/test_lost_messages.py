"""The broker only makes it quick: away, emptied or never seen, it costs time and nothing else."""

import time

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop

NOBODY = "redis://127.0.0.1:1/0"


def test_a_payment_accepted_without_a_message_is_found_by_the_sweep(
    gateway: Gateway, shop: Shop, payer: str
) -> None:
    url = gateway.start_web_elsewhere(REDIS_URL=NOBODY)  # starts although it never sees Redis
    payment_id = shop.at(url).pay(payer)["id"]
    gateway.assert_paid_once(shop, payment_id)
    assert "enqueue_failed" in gateway.stack.process("web-2").output()


def test_redis_emptied_in_the_middle_of_everything_loses_nothing(
    gateway: Gateway, shop: Shop, payer: str
) -> None:
    payments = []
    for _ in range(12):
        payments.append(shop.pay(payer)["id"])
        gateway.machine.flush_redis()
    for payment_id in payments:
        gateway.until_final(shop, payment_id)
        gateway.machine.flush_redis()
    for payment_id in payments:
        gateway.assert_paid_once(shop, payment_id)


def test_payments_are_accepted_while_redis_is_away_and_go_on_when_it_is_back(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    under_way = shop.pay("260963123453")["id"]
    gateway.until_status(shop, under_way, "PROCESSING")
    gateway.machine.valkey.off()
    order = shop.order(payer)
    accepted = shop.send(order)["id"]
    assert shop.send(order, expected=200)["id"] == accepted
    reference = gateway.books.reference(under_way)
    network.settle(reference, "SUCCESSFUL")  # its callback comes while Redis is away
    gateway.until(lambda: network.callbacks(reference) == [200], "the callback to be taken")
    gateway.machine.valkey.on()
    back_s = time.monotonic()
    gateway.assert_paid_once(shop, accepted)
    gateway.assert_paid_once(shop, under_way)
    assert time.monotonic() - back_s < 30
