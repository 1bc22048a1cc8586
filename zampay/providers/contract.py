"""What every network must answer, in our words.

Adapters translate; the payments feature persists, repeats and decides. The contract fits three
shapes of network: an asynchronous one with a poll, one whose ids are short and whose poll
names no amount, and one whose single call blocks until the payer has answered and that cannot be
asked afterwards.

The rule of doubt: an adapter says `Declined` or a FAILED `Report` only when the network itself
said no. Silence, garbage and server errors are `InDoubt` or `NoAnswer`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from zampay.kernel import clock, storable
from zampay.kernel.findings import Finding
from zampay.kernel.money import Money

DEPLOYMENT: Final = "deployment"
"""The wallet of the deployment itself, whose credentials are in the environment."""
LONGEST_TEXT = 200
"""Characters of a text by a network: three of them fit into one entry of an index."""


class FailureCode(StrEnum):
    """Why a payment failed, as merchants read it (docs: integration guide, failure codes)."""

    PAYER_NOT_FOUND = "payer_not_found"
    PAYER_DECLINED = "payer_declined"
    APPROVAL_TIMEOUT = "approval_timeout"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    LIMIT_EXCEEDED = "limit_exceeded"
    PAYER_NOT_ALLOWED = "payer_not_allowed"
    INVALID_AMOUNT = "invalid_amount"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_REJECTED = "provider_rejected"
    CANCELLED = "cancelled"
    UNSPECIFIED = "unspecified"


FAILURES: Mapping[FailureCode, tuple[str, str]] = MappingProxyType(
    {
        FailureCode.PAYER_NOT_FOUND: (
            "the number has no wallet at this network",
            "check the number",
        ),
        FailureCode.PAYER_DECLINED: (
            "the customer refused",
            "ask whether to try again",
        ),
        FailureCode.APPROVAL_TIMEOUT: (
            "no PIN in time",
            "try again, with the phone at hand",
        ),
        FailureCode.INSUFFICIENT_FUNDS: (
            "not enough money",
            "top up, then try again",
        ),
        FailureCode.LIMIT_EXCEEDED: (
            "a limit of a wallet is reached",
            "a smaller amount, or tomorrow",
        ),
        FailureCode.PAYER_NOT_ALLOWED: (
            "the wallet may not pay like this",
            "ask the network",
        ),
        FailureCode.INVALID_AMOUNT: (
            "the network does not take this amount",
            "another amount",
        ),
        FailureCode.PROVIDER_UNAVAILABLE: (
            "the network could not be reached; nothing was charged",
            "try again later",
        ),
        FailureCode.PROVIDER_REJECTED: (
            "the gateway's set-up at the network; its operator is alerted",
            "try again later",
        ),
        FailureCode.CANCELLED: (
            "you cancelled it",
            "",
        ),
        FailureCode.UNSPECIFIED: (
            "the network gave no reason we know; `providerCode` is its own word",
            "try again, or pay otherwise",
        ),
    }
)
"""What each code means, and what a merchant tells the customer (Markdown, for the pages)."""


class Retry(StrEnum):
    """Whether the merchant may make a new payment for the same order without a second charge."""

    SAFE = "safe"
    UNSAFE = "unsafe"


class FromOutside:
    """What a network said: each text is bounded, one line, and what PostgreSQL gives back of it, so
    that the same word compares equal whenever it is told.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        """Replace what cannot be kept; cut what is too long."""
        for field in fields(self):  # type: ignore[arg-type]
            given = getattr(self, field.name)
            if type(given) is str:
                object.__setattr__(self, field.name, storable.line(given)[:LONGEST_TEXT])


@dataclass(frozen=True, slots=True)
class Failure(FromOutside):
    """A definite no: our code, a sentence, the network's own code, and what a retry risks.

    `recheck`: networks have been seen to take such a no back, so it is looked at once more later.
    """

    code: FailureCode
    message: str
    provider_code: str | None
    retry: Retry = Retry.SAFE
    repoll: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """All that a network needs to ask a payer for money; `reference` is stored before any call.

    `accepted_at` is the database's time of our acceptance, `now` its time of this call. After
    `send_until_s` (this process's monotonic seconds) not a byte of it may go out any more: the row
    may belong to somebody else by then. An adapter looks at it last, after any login.
    """

    reference: str
    transfer_id: str
    msisdn: str
    money: Money
    payer_message: str
    payee_note: str
    callback_token: str
    accepted_at: datetime
    now: datetime
    send_until_s: float = math.inf

    @property
    def is_too_late(self) -> bool:
        """Whether the time for sending it is over."""
        return clock.monotonic_s() > self.send_until_s


class ResultStatus(StrEnum):
    """What the network says of a payment that it knows; anything unknown is PENDING."""

    PENDING = "PENDING"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class ProviderResult(FromOutside):
    """The network's own word on one reference; `None` where it does not say.

    `amount` and `currency` are the network's figures as text, compared by the caller. `poll_after`:
    when asking again is worth while, where that is known.
    """

    status: ResultStatus
    provider_status: str
    amount: str | None = None
    currency: str | None = None
    transfer_id: str | None = None
    provider_transaction_id: str | None = None
    failure: Failure | None = None
    poll_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Accepted(FromOutside):
    """The network has the order; a blocking network also brings the ending."""

    detail: str
    result: ProviderResult | None = None


@dataclass(frozen=True, slots=True)
class Declined(FromOutside):
    """The network refused, and it is certain that nothing was created."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class InDoubt(FromOutside):
    """The order may have landed. `presumed` is the failure if the network turns out not to know
    it; without one the same order may be sent again.
    """

    detail: str
    presumed: Failure | None = None


@dataclass(frozen=True, slots=True)
class NotSent(FromOutside):
    """Certainly nothing reached the network's books: safe to repeat under the same reference."""

    detail: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class NotFound(FromOutside):
    """The network answered that it does not know the reference."""

    detail: str


@dataclass(frozen=True, slots=True)
class NoAnswer(FromOutside):
    """The poll itself failed; nothing is learnt about the payment."""

    detail: str


Submission = Accepted | Declined | InDoubt | NotSent
PollAnswer = ProviderResult | NotFound | NoAnswer | NotSent


@dataclass(frozen=True, slots=True)
class Profile:
    """What a network takes and what may be done with it; data, so that no caller names it.

    `account` tells one of our accounts at the network from another, where there may be several one
    after the other: what one has sent, another does not know.
    """

    code: str
    msisdn_prefixes: tuple[str, ...]
    currencies: frozenset[str]
    min_amount_minor: int
    max_amount_minor: int
    approval_hint: str = "The payer answers the prompt on the phone."
    can_poll: bool = True
    resend_is_safe: bool = True
    unknown_grace: timedelta = timedelta(seconds=30)
    approval_window: timedelta = timedelta(minutes=5)
    account: str = ""

    def takes_msisdn(self, msisdn: str) -> bool:
        """Whether the number's prefix is one of this network's."""
        return msisdn.startswith(self.msisdn_prefixes)


class Provider(Protocol):
    """One network, ready to be called. No method raises for what a network can do to us."""

    @property
    def profile(self) -> Profile:
        """What the network takes."""

    def new_reference(self) -> str:
        """A fresh reference in the network's own form, unique for ever."""

    def submit(self, order: Order) -> Submission:
        """Ask the payer for the money; called again only with the same reference. `NotSent` when
        `order.is_too_late`.
        """

    def poll(self, order: Order) -> PollAnswer:
        """Ask what became of the reference."""

    def diagnose(self) -> list[Finding]:
        """Try the set-up against the network without moving money, and say what is wrong."""
