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


def test_another_merchants_payment_is_not_there(gateway: Gateway, shop: Shop, payer: str) -> None:
    rival = gateway.shop("Rival Stores")
    payment_id = shop.pay(payer)["id"]
    answers = [
        rival.ask("GET", f"/payments/{payment_id}"),
        rival.ask("GET", f"/payments/{payment_id}/events"),
        rival.ask("POST", f"/payments/{payment_id}/cancel"),
    ]
    assert [answer.json()["code"] for answer in answers] == ["payment_not_found"] * 3
    assert [answer.status_code for answer in answers] == [404] * 3
    gateway.assert_paid_once(shop, payment_id)


def test_a_key_opens_no_other_tenant(gateway: Gateway, shop: Shop) -> None:
    rival = gateway.shop("Rival Stores")
    answer = rival.ask("GET", "/payments", **{"x-tenant-id": shop.tenant_id})
    assert answer.status_code == 403
    assert shop.tenant_id not in answer.text


def test_test_and_live_worlds_do_not_see_each_other(gateway: Gateway, payer: str) -> None:
    tester = Shop.open(gateway.session, gateway.stack.url, "Tester")
    live = tester.live()
    order = tester.order(payer)
    tried, real = tester.send(order)["id"], live.send(order)["id"]
    assert tester.ask("GET", f"/payments/{real}").status_code == 404
    assert live.ask("GET", f"/payments/{tried}").status_code == 404
    gateway.assert_paid_once(live, real)
    assert gateway.until_final(tester, tried)["status"] == "SUCCESSFUL"
    assert gateway.network.charges(tried) == 0
