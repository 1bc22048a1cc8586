"""Why a transfer failed, as merchants read it, and what a network's own texts may be."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from types import MappingProxyType

from zampay.kernel import storable

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

    `repoll`: networks have been seen to take such a no back, so it is polled once more later.
    """

    code: FailureCode
    message: str
    provider_code: str | None
    retry: Retry = Retry.SAFE
    repoll: bool = False
