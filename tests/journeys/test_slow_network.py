"""A network that answers slowly: who sends much waits, and nobody waits for them."""

from collections.abc import Iterator

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network

SLOW = {"operation": "requesttopay", "kind": "latency", "seconds": 10, "times": None}
SOON_S = 4.0
"""With every thread taken by the large merchant it would be half a minute."""


def test_small_merchants_are_sent_at_once_while_a_large_one_waits(
    gateway: Gateway, network: Network, numbers: Iterator[str]
) -> None:
    patient = {"MTN_READ_TIMEOUT_S": "30", "SUBMIT_LEASE_S": "90"}
    gateway.replace("worker", WORKER_CONCURRENCY="4", **patient)
    large, *small = [gateway.shop(name) for name in ("Large", "One", "Two", "Three", "Four")]
    with network.faults_during([SLOW]):
        crowd = [large.pay(next(numbers))["id"] for _ in range(16)]
        few = [shop.pay(next(numbers))["id"] for shop in small]
        gateway.until(
            lambda: all(gateway.books.payment(one)["submitted_at"] for one in few),
            "the first send of every small merchant",
        )
        waited = [gateway.books.payment(one) for one in few]
        sent = [one for one in crowd if gateway.books.payment(one)["submitted_at"]]
    delays_s = [(row["submitted_at"] - row["created_at"]).total_seconds() for row in waited]
    assert max(delays_s) < SOON_S, delays_s
    assert sent == crowd[: len(sent)], "the large one's oldest first"
    assert len(sent) < len(crowd)
