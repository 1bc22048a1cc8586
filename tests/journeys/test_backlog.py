"""After an outage the backlog is worked off in the order of acceptance."""

import time
from collections.abc import Iterator

import pytest

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network

OUTAGE = {"operation": "requesttopay", "kind": "status", "status": 503, "times": None}
PAYMENTS, OUTAGE_S, LONGEST_S = 100, 10.0, 150.0
LEAST_CORRELATION = 0.9


@pytest.mark.long
@pytest.mark.timeout(300)
def test_after_an_outage_the_oldest_payments_end_first(
    gateway: Gateway, network: Network, numbers: Iterator[str]
) -> None:
    """Merchants who send as much as each other: otherwise their turns come before the order.
    Payments that noticed the outage wait for their next try, and are left out here.
    """
    shops = [gateway.shop(name) for name in ("One", "Two", "Three")]
    accepted: list[str] = []
    began_s = time.monotonic()
    with network.faults_during([OUTAGE]):
        for place in range(PAYMENTS):
            accepted.append(shops[place % len(shops)].pay(next(numbers))["id"])
            time.sleep(max(0.0, began_s + place * OUTAGE_S / PAYMENTS - time.monotonic()))
        tried = {one for one in accepted if gateway.books.payment(one)["submissions"]}
    gateway.until(lambda: gateway.books.open(accepted) == 0, "all to end", timeout_s=LONGEST_S)
    rows = [gateway.books.payment(one) for one in accepted]
    assert {row["state"] for row in rows} == {"SUCCESSFUL"}
    charged = network.journal()["byExternalId"]
    assert [charged.get(one, 0) for one in accepted] == [1] * PAYMENTS
    waited = [row for row in rows if row["id"] not in tried]
    assert len(waited) > PAYMENTS / 2, "a network that does not answer is not tried by all"
    assert correlation([row["completed_at"] for row in waited]) >= LEAST_CORRELATION


def correlation(ends: list[float]) -> float:
    """Of the ranks by place in the list and by value (Spearman's)."""
    count = len(ends)
    by_end = sorted(range(count), key=ends.__getitem__)
    apart = sum((rank - place) ** 2 for rank, place in enumerate(by_end))
    return 1 - 6 * apart / (count * (count**2 - 1))
