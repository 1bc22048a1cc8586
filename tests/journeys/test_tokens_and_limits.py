"""A network that forgets our token, or says that we ask too often, is asked again."""

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop


def test_tokens_that_end_early_are_renewed(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    gateway.assert_paid_once(shop, shop.pay(payer)["id"])
    network.expire_tokens()
    payment_id = shop.pay(payer)["id"]
    gateway.assert_paid_once(shop, payment_id)
    reference = gateway.books.reference(payment_id)
    assert network.requests(reference, "requesttopay") == [401, 202]


def test_too_many_requests_are_repeated_later_under_the_same_reference(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    network.fault("requesttopay", "status", status=429, msisdn=payer, times=3)
    payments = [shop.pay(payer)["id"] for _ in range(3)]
    for payment_id in payments:
        gateway.assert_paid_once(shop, payment_id)
        reference = gateway.books.reference(payment_id)
        assert network.requests(reference, "requesttopay") == [429, 202]


def test_a_token_that_cannot_be_had_delays_and_sends_nothing(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    network.expire_tokens()
    network.fault("token", "status", status=503)
    payment_id = shop.pay(payer)["id"]
    gateway.assert_paid_once(shop, payment_id)
