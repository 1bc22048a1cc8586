"""Fifty customers of Zamtel who do not answer: MTN's payments and the webhooks notice nothing."""

import itertools
import time
from collections.abc import Callable, Iterator
from statistics import quantiles

import pytest

from tests.journeys.deliveries import Ledger
from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop
from tests.support.receiver import Receiver, receiver

HANGING, PAYMENTS, ROUNDS = 50, 30, 3
AS_MUCH_LONGER = 1.25
CUSTOMER = "260953123453"
"""Who never answers."""


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    with receiver() as started:
        yield started


def p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


class Traffic:
    """MTN's payments of one merchant, a steady few at a time, and how long each took."""

    def __init__(
        self, gateway: Gateway, shop: Shop, hooks: Receiver, numbers: Iterator[str]
    ) -> None:
        self._gateway, self._shop, self._numbers = gateway, shop, numbers
        self._ledger = Ledger(shop, hooks)

    def round(self) -> tuple[float, float]:
        """From acceptance to the end, and from an event to its webhook: p95 of each, in seconds."""
        self._ledger.delays_s.clear()
        paid = []
        for number in itertools.islice(self._numbers, PAYMENTS):
            paid.append(self._shop.pay(number)["id"])
            time.sleep(0.1)  # the pace of the customers
        self._gateway.until(lambda: not self._gateway.books.open(paid), "the end of all")
        self._gateway.until(lambda: len(self._ledger.delays_s) >= 2 * PAYMENTS, "all webhooks")
        rows = [self._gateway.books.payment(one) for one in paid]
        took_s = [(one["completed_at"] - one["created_at"]).total_seconds() for one in rows]
        return p95(took_s), p95(self._ledger.delays_s)


@pytest.mark.long
def test_fifty_payments_that_hang_at_one_network_delay_nobody_else(
    gateway: Gateway,
    hooks: Receiver,
    numbers: Iterator[str],
    record_property: Callable[[str, object], None],
) -> None:
    gateway.replace("worker", ZAMTEL_READ_TIMEOUT_S="300", WORKER_CONCURRENCY="4")
    zamtel = Network(gateway.stack.simulator_urls["ZAMTEL"], gateway.session)
    traffic = Traffic(gateway, gateway.shop("Mukuba Books"), hooks, numbers)
    traffic.round()
    alone = [traffic.round() for _ in range(ROUNDS)]
    shop = gateway.shop("Kafue Fish")
    asked = [shop.pay(CUSTOMER)["id"] for _ in range(HANGING)]
    gateway.until(lambda: gateway.books.in_state(asked, "SUBMITTING") == HANGING, "all to hang")
    beside = [traffic.round() for _ in range(ROUNDS)]
    record_property("p95_s", {"alone": alone, "beside": beside})
    assert gateway.books.in_state(asked, "SUBMITTING") == HANGING
    for name, without, with_them in zip(
        ("payments", "webhooks"), zip(*alone, strict=True), zip(*beside, strict=True), strict=True
    ):
        assert min(with_them) < AS_MUCH_LONGER * min(without), (name, without, with_them)
    zamtel._admin("POST", "/reset")
