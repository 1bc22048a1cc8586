"""The payments of the demo on each network, and how each of them must end."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from dev.networks import SETUPS
from zampay.kernel import sandbox_numbers
from zampay.kernel.sandbox_numbers import Ending
from zampay.simulators.core.setup import Setup

_SUFFIXES: Final = {
    ending: suffix
    for suffix, ending in {**sandbox_numbers.PUBLISHED, **sandbox_numbers.OURS}.items()
}


@dataclass(frozen=True)
class Scenario:
    """One payment and its expected end; `failure` is None when the money moves."""

    name: str
    amount: str
    msisdn: str
    failure: str | None = None
    loses_callback: bool = False
    network: str = SETUPS[0].network
    status: str = "SUCCESSFUL"

    @property
    def external_id(self) -> str:
        """The merchant's id of the order."""
        return f"{self.network.lower()}-{self.name}"

    @property
    def masked(self) -> str:
        """The number as it may be shown."""
        return f"{self.msisdn[:5]}•••{self.msisdn[-4:]}"

    def is_end(self, status: str, failure: str | None, charges: int) -> bool:
        """Whether it must end so, with the payer charged so often."""
        expected = ("FAILED", 0) if self.failure else (self.status, 1)
        return (status, failure, charges) == (expected[0], self.failure, expected[1])


_PAID: Final = Scenario("paid", "25.00", "")
_OTHERS: Final = {
    Ending.REJECTED: Scenario("declined", "40.00", "", "payer_declined"),
    Ending.NOT_ENOUGH_FUNDS: Scenario("no-money", "1800.00", "", "insufficient_funds"),
    Ending.EXPIRED: Scenario("expired", "15.50", "", "approval_timeout"),
    Ending.PAYER_NOT_FOUND: Scenario("payer-unknown", "60.00", "", "payer_not_found"),
    Ending.DELAYED: Scenario("delayed", "99.90", ""),
    Ending.ANSWER_LOST_AFTER_CHARGE: Scenario("answer-lost", "310.00", "", loses_callback=True),
}
"""The last one: the network moves the money, the connection breaks before its answer, and its
callback never arrives. Only a poll can tell, or a person where the network cannot be polled."""


def _on(setup: Setup) -> Iterator[Scenario]:
    """The scenarios that this network can show."""
    yield replace(_PAID, network=setup.network, msisdn=f"{setup.prefix}3123400")
    for ending, scenario in _OTHERS.items():
        if ending in setup.endings:
            is_told = ending is not Ending.ANSWER_LOST_AFTER_CHARGE or setup.can_poll
            yield replace(
                scenario,
                network=setup.network,
                msisdn=f"{setup.prefix}31234{_SUFFIXES[ending]}",
                status="SUCCESSFUL" if is_told else "IN_REVIEW",
            )


SCENARIOS: Final = tuple(scenario for setup in SETUPS for scenario in _on(setup))
