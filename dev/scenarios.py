"""The payments of the demo, and how each of them must end."""

from dataclasses import dataclass
from typing import Final

from zampay.kernel import sandbox_numbers
from zampay.kernel.sandbox_numbers import Ending

_NUMBERS: Final = {
    ending: f"{sandbox_numbers.ZAMBIAN_PREFIXES[0]}{suffix}"
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

    @property
    def masked(self) -> str:
        """The number as it may be shown."""
        return f"{self.msisdn[:5]}•••{self.msisdn[-4:]}"

    def is_end(self, status: str, failure: str | None, charges: int) -> bool:
        """Whether it must end so, with the payer charged so often."""
        expected = ("FAILED", 0) if self.failure else ("SUCCESSFUL", 1)
        return (status, failure, charges) == (expected[0], self.failure, expected[1])


SCENARIOS: Final = (
    Scenario("paid", "25.00", "260963123400"),
    Scenario("declined", "40.00", _NUMBERS[Ending.REJECTED], "payer_declined"),
    Scenario("no-money", "1800.00", _NUMBERS[Ending.NOT_ENOUGH_FUNDS], "insufficient_funds"),
    Scenario("expired", "15.50", _NUMBERS[Ending.EXPIRED], "approval_timeout"),
    Scenario("payer-unknown", "60.00", _NUMBERS[Ending.PAYER_NOT_FOUND], "payer_not_found"),
    Scenario("delayed", "99.90", _NUMBERS[Ending.DELAYED]),
    Scenario(
        "answer-lost", "310.00", _NUMBERS[Ending.ANSWER_LOST_AFTER_CHARGE], loses_callback=True
    ),
)
"""The last one: the network moves the money, the connection breaks before its answer, and its
callback never arrives. Only a poll can tell."""
