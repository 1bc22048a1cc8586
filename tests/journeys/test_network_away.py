"""A network that is away: payments wait and say so, merchants are told, and all are paid."""

import itertools
from collections.abc import Iterator
from typing import Any

from tests.journeys.deliveries import Ledger
from tests.journeys.gateway import Gateway
from tests.support.receiver import receiver
from zampay.transfers.concurrency import TROUBLE_AFTER
from zampay.transfers.watching import REPEATED_AFTER_S

PAYMENTS = TROUBLE_AFTER + 4
SECONDS = 15.0
DOUBT_S = 3 * REPEATED_AFTER_S
"""A kept connection that breaks leaves doubt; that nothing gets through is written down later."""


def test_a_network_is_degraded_within_seconds_and_recovers_with_every_payment_paid_once(
    gateway: Gateway, numbers: Iterator[str]
) -> None:
    shop = gateway.shop("Luapula Traders")
    with receiver() as hooks:
        ledger = Ledger(shop, hooks)

        def told() -> list[dict[str, Any]]:
            return [one for one in list(ledger.events) if one["type"].startswith("network.")]

        def state() -> str:
            listed = shop.ask("GET", "/networks").json()["data"]
            return str(next(one["state"] for one in listed if one["provider"] == "MTN"))

        gateway.stack.kill("simulator")
        waiting = [shop.pay(one)["id"] for one in itertools.islice(numbers, PAYMENTS)]
        gateway.until(lambda: state() != "OPERATIONAL", "the trouble", timeout_s=SECONDS)
        gateway.until(lambda: state() == "DOWN", "the network to be down", timeout_s=DOUBT_S)
        gateway.until(lambda: len(told()) == 1, "its event", timeout_s=SECONDS)
        assert told()[0]["type"] == "network.degraded"
        said = shop.ask("GET", f"/payments/{waiting[-1]}/explain").json()
        assert said["status"] == "PENDING"
        assert "payments do not get through to MTN" in said["sentence"]
        gateway.stack.kill("worker")
        gateway.stack.start("simulator", "worker")
        waiting.append(shop.pay(next(numbers))["id"])
        gateway.until(lambda: state() == "OPERATIONAL", "the network to be back")
        gateway.until(lambda: len(told()) == 2, "the other event", timeout_s=SECONDS)
        assert [one["type"] for one in told()] == ["network.degraded", "network.recovered"]
        for payment_id in waiting:
            gateway.assert_paid_once(shop, payment_id)
        assert len(told()) == 2
