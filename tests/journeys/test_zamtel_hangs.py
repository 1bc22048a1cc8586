"""Fifty customers of Zamtel who do not answer: payments of MTN and Airtel, and webhooks, notice
nothing.
"""

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

HANGING, PAYMENTS, ROUNDS = 50, 40, 3
MTN, AIRTEL = "26096", "26097"
AS_MUCH_LONGER, NOISE_S = 1.25, 0.1
"""A webhook takes 30 ms: what else runs on the machine doubles that, and says nothing."""
CUSTOMER = "260953123453"
"""Who never answers."""


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    with receiver() as started:
        yield started


def p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


class Traffic:
    """Payments of one merchant over two networks in turns, a steady few at a time."""

    def __init__(
        self, gateway: Gateway, shop: Shop, hooks: Receiver, numbers: Iterator[str]
    ) -> None:
        self._gateway, self._shop, self._numbers = gateway, shop, numbers
        self._ledger = Ledger(shop, hooks)

    def round(self) -> dict[str, float]:
        """From acceptance to the end at each network, and from an event to its webhook: p95 of
        each, in seconds.
        """
        self._ledger.delays_s.clear()
        paid: dict[str, list[str]] = {MTN: [], AIRTEL: []}
        for number, prefix in zip(
            itertools.islice(self._numbers, PAYMENTS), itertools.cycle(paid), strict=False
        ):
            paid[prefix].append(self._shop.pay(number.replace(MTN, prefix, 1))["id"])
            time.sleep(0.1)  # the pace of the customers
        every = [*paid[MTN], *paid[AIRTEL]]
        self._gateway.until(lambda: not self._gateway.books.open(every), "the end of all")
        self._gateway.until(lambda: len(self._ledger.delays_s) >= 2 * PAYMENTS, "all webhooks")
        took_s = {prefix: p95([self._took_s(one) for one in ids]) for prefix, ids in paid.items()}
        return {**took_s, "webhooks": p95(self._ledger.delays_s)}

    def _took_s(self, payment_id: str) -> float:
        row = self._gateway.books.payment(payment_id)
        return float((row["completed_at"] - row["created_at"]).total_seconds())


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
    for name in alone[0]:
        without, with_them = (min(one[name] for one in rounds) for rounds in (alone, beside))
        assert with_them < AS_MUCH_LONGER * without + NOISE_S, (name, without, with_them)
    zamtel._admin("POST", "/reset")
