"""Theirs → ours, as pure tables: every code that Zamtel is known to give.

Source: comments of several programs that call this interface; Zamtel publishes nothing. A code that
is in none of the tables says nothing about the money. So do E8027 (the system could not process the
request) and -1 (an internal error).
"""

from dataclasses import dataclass

from zampay.kernel.sandbox_numbers import Ending
from zampay.providers.failures import Failure, FailureCode, Retry

SUCCESS = "0"
DOUBT = frozenset({"E8027", "-1"})
"""The codes that are known to say nothing about the money."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One code: the failure that it stands for."""

    code: FailureCode
    message: str


_C = FailureCode
_SETUP = "The gateway's own set-up at the network was refused; the operator has been alerted."

MEANINGS: dict[str, Meaning] = {
    "E8003": Meaning(_C.PAYER_DECLINED, "The payer entered a wrong PIN."),
    "2006": Meaning(_C.INSUFFICIENT_FUNDS, "The payer's balance is too low."),
    "2004": Meaning(_C.INVALID_AMOUNT, "The network does not take this amount."),
    "2005": Meaning(
        _C.LIMIT_EXCEEDED, "A limit of the payer's or the merchant's wallet is reached."
    ),
    "E8036": Meaning(_C.PAYER_NOT_FOUND, "The number has no active mobile money wallet."),
    "2001": Meaning(_C.PROVIDER_REJECTED, _SETUP),
}
"""The only codes that are believed to mean that no money moved."""

_AT = {
    Ending.REJECTED: "E8003",
    Ending.PAYER_NOT_FOUND: "E8036",
    Ending.NOT_ALLOWED_TARGET_ENVIRONMENT: "2001",
    Ending.NOT_ENOUGH_FUNDS: "2006",
    Ending.PAYER_LIMIT_REACHED: "2005",
}


def failure(code: str) -> Failure:
    """The failure behind one of the codes of the table."""
    meaning = MEANINGS[code]
    return Failure(meaning.code, meaning.message, code, Retry.SAFE)


def failure_at(ending: Ending) -> Failure | None:
    """The failure at the ending of a test number; None where no code for it is known."""
    code = _AT.get(ending)
    return failure(code) if code else None
