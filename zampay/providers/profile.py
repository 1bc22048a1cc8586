"""What a network takes, and what may be done with it: data, so that no caller names a network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

DEPLOYMENT: Final = "deployment"
"""The wallet of the deployment itself, whose credentials are in the environment."""
_POLLS_S = (
    2,
    2,
    3,
    5,
    5,
    10,
    10,
    15,
    15,
    30,
    30,
    60,
    60,
    60,
    120,
    300,
    600,
    1800,
    3600,
    7200,
    14400,
)
POLL_SCHEDULE: Final = tuple(timedelta(seconds=seconds) for seconds in _POLLS_S)
"""Delay before each poll: dense through the payer's five minutes, then hours, then steady."""


class Kind(StrEnum):
    """What is moved (text in the database, with a CHECK); names it in audit log and events."""

    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Capability:
    """What may be done with one kind of transfer at a network.

    `can_poll`: the network can be asked what became of a reference; where it cannot, a lost answer
    needs a person. `resend_is_safe`: the same reference again never moves money twice.
    `blocks_for`: how much longer than an ordinary call a submit lasts, where the network answers
    only when the customer has; the lease lasts longer by as much. `unknown_grace`: so long after
    the last byte of a send "not found" proves nothing. `approval_window`: how long the customer is
    asked. `max_in_flight`: calls at once by one process for one wallet, if few are wanted; where a
    submit blocks, so many submits, also more than usual. `review_after`: how long after a send a
    person looks at a transfer without an ending, where that is earlier than usual.
    """

    can_poll: bool = True
    resend_is_safe: bool = True
    blocks_for: timedelta = timedelta(0)
    poll_schedule: tuple[timedelta, ...] = POLL_SCHEDULE
    unknown_grace: timedelta = timedelta(seconds=30)
    approval_window: timedelta = timedelta(minutes=5)
    max_in_flight: int | None = None
    review_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One network: its numbers, currencies and limits, and its capability for each kind it serves.

    `account` tells one of our accounts at the network from another, where there may be several one
    after the other: what one has sent, another does not know.
    """

    code: str
    msisdn_prefixes: tuple[str, ...]
    currencies: frozenset[str]
    min_amount_minor: int
    max_amount_minor: int
    approval_hint: str = "The payer answers the prompt on the phone."
    account: str = ""
    capabilities: Mapping[Kind, Capability] = field(
        default_factory=lambda: {Kind.PAYMENT: Capability()}
    )

    def takes_msisdn(self, msisdn: str) -> bool:
        """Whether the number's prefix is one of this network's."""
        return msisdn.startswith(self.msisdn_prefixes)
