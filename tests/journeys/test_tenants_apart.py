"""Two merchants on one gateway, from acceptance to the end: neither knows of the other."""

from tests.journeys.gateway import Gateway
from tests.journeys.shop import Shop


def test_two_merchants_use_the_same_order_number_and_never_meet(
    gateway: Gateway, shop: Shop, payer: str
) -> None:
    rival = gateway.shop("Rival Stores")
    order = shop.order(payer)
    ours, theirs = shop.send(order)["id"], rival.send({**order, "amount": "99.00"})["id"]
    gateway.assert_paid_once(shop, ours)
    gateway.assert_paid_once(rival, theirs)
    assert shop.payment(ours)["amount"] == "12.50"
    assert rival.payment(theirs)["amount"] == "99.00"
    assert [one["id"] for one in rival.ask("GET", "/payments").json()["data"]] == [theirs]
