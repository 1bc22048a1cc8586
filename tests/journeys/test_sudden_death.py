"""`kill -9` at the worst moments: one charge, and the right end after a restart."""

import pytest
import requests

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop

SHORT_LEASE = {"SUBMIT_LEASE_S": "2"}


@pytest.mark.long
def test_the_web_process_dies_right_after_its_commit(
    gateway: Gateway, shop: Shop, payer: str
) -> None:
    gateway.replace("web", module="tests.journeys.crashing_web:app")
    order = shop.order(payer)
    with pytest.raises(requests.ConnectionError):
        shop.send(order)
    gateway.until_dead("web")
    gateway.restore("web")
    again = shop.ask("POST", "/payments", order)
    assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (200, "true"), (
        again.text
    )
    gateway.assert_paid_once(shop, again.json()["id"])
    assert len(shop.ask("GET", f"/payments?externalId={order['externalId']}").json()["data"]) == 1


def test_the_worker_is_killed_between_the_charge_and_our_second_transaction(
    gateway: Gateway, network: Network, shop: Shop, payer: str
) -> None:
    gateway.replace("worker", **SHORT_LEASE, MTN_READ_TIMEOUT_S="60")
    network.fault("requesttopay", "hang", when="after", msisdn=payer)
    network.fault("callback", "lost", msisdn=payer)
    payment_id = shop.pay(payer)["id"]
    gateway.until(lambda: network.charges(payment_id) == 1, "the charge")
    gateway.stack.kill("worker")
    assert shop.payment(payment_id)["status"] == "PENDING"
    gateway.restore("worker")
    gateway.assert_paid_once(shop, payment_id)
    assert 409 not in network.requests(gateway.books.reference(payment_id), "requesttopay")


@pytest.mark.long
@pytest.mark.parametrize("point", ["before_submit", "before_poll", "after_poll"])
def test_the_worker_dies_at_the_call_of_the_network(
    gateway: Gateway, network: Network, shop: Shop, payer: str, point: str
) -> None:
    network.fault("callback", "lost", msisdn=payer)
    crash = {"CRASH_AT": point, "CRASH_FOR": payer}
    gateway.replace("worker", module="tests.journeys.crashing_worker", **SHORT_LEASE, **crash)
    payment_id = shop.pay(payer)["id"]
    gateway.until_dead("worker")
    assert shop.payment(payment_id)["status"] in {"PENDING", "PROCESSING"}
    gateway.restore("worker")
    gateway.assert_paid_once(shop, payment_id)


@pytest.mark.long
def test_the_whole_gateway_is_killed_and_comes_back(
    gateway: Gateway, shop: Shop, payer: str
) -> None:
    payments = [shop.pay(payer)["id"] for _ in range(8)]
    for name in ("worker", "beat", "web"):
        gateway.stack.kill(name)
    gateway.machine.valkey.off()
    gateway.machine.valkey.on()
    gateway.stack.start("web", "worker", "beat")
    for payment_id in payments:
        gateway.assert_paid_once(shop, payment_id)
