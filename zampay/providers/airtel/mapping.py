"""Theirs → ours, as pure tables: every code of collections that Airtel is known to give.

Sources: the portal's texts as several code bases have them, and answers seen in production. The set
is open, and the same code often has several meanings: only what is listed as FINAL here refuses a
request. A code that is not here, the catch-all, time-outs and whatever comes with a server error
are doubt.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from zampay.kernel.sandbox_numbers import Ending
from zampay.providers.failures import Failure, FailureCode


class Refusal(StrEnum):
    """What a code means when Airtel refuses a *request* with it."""

    FINAL = "final"  # nothing was created
    OUR_SETUP = "our_setup"  # speaks of our set-up; certain once a poll finds nothing; alarm
    IN_DOUBT = "in_doubt"  # the payment may exist


@dataclass(frozen=True, slots=True)
class Meaning:
    """One code: the failure that it stands for, and what it means for a request. `repoll`: an
    ending for this reason is polled once more.
    """

    code: FailureCode
    message: str
    refusal: Refusal = Refusal.IN_DOUBT
    repoll: bool = False


_C = FailureCode
_SETUP = "The gateway's own set-up at the network was refused; the operator has been alerted."
_PAYEE = "The merchant's wallet may not receive this payment; the operator has been alerted."
_DECLINED = "The payer did not approve the payment."
_PIN = "The payer entered a wrong PIN."
_FUNDS = "The payer's balance is too low."
_LIMIT = "A limit of the payer's or the merchant's wallet is reached."
_TIMEOUT = "The payer did not answer the prompt in time."
_AMOUNT = "The network does not take this amount."
_NOT_A_WALLET = "The number has no active mobile money wallet."
_GENERIC = "The network could not make the payment, and gave no reason that we know."
_FINAL, _OUR_SETUP = Refusal.FINAL, Refusal.OUR_SETUP

NO_PIN: Final = "DP00800001005"
"""On a failed payment: the payer entered no PIN. On a request it also stands for an unknown number,
and for anything that went wrong."""
NOT_FOUND: Final = frozenset({"DP00800001025", "DP00900001015", "ESB000045"})
DUPLICATE: Final = frozenset({"ESB000041", "DP00900001011", "DP00900001017"})
"""The id is taken: what was sent under it has landed."""
SIGNATURE: Final = frozenset({"DP00800001026", "DP00900001016", "DP00900001018"})
"""The signature does not fit, or is not expected."""
ACCEPTED: Final = frozenset({"DP00800001006", "DP00800001001"})

MEANINGS: Final[dict[str, Meaning]] = {
    "DP00800001000": Meaning(_C.UNSPECIFIED, _GENERIC, repoll=True),
    "DP00800001002": Meaning(_C.PAYER_DECLINED, _PIN, _FINAL),
    "DP00800001003": Meaning(_C.LIMIT_EXCEEDED, _LIMIT, _FINAL),
    "DP00800001004": Meaning(_C.INVALID_AMOUNT, _AMOUNT, _FINAL),
    NO_PIN: Meaning(_C.APPROVAL_TIMEOUT, _TIMEOUT, repoll=True),
    "DP00800001006": Meaning(_C.UNSPECIFIED, _GENERIC, repoll=True),
    "DP00800001007": Meaning(_C.INSUFFICIENT_FUNDS, _FUNDS, _FINAL),
    "DP00800001008": Meaning(_C.PAYER_DECLINED, _DECLINED, _FINAL),
    "DP00800001009": Meaning(_C.PAYER_DECLINED, _DECLINED, _FINAL),
    "DP00800001010": Meaning(_C.PROVIDER_REJECTED, _PAYEE, _FINAL),
    "DP00800001024": Meaning(_C.APPROVAL_TIMEOUT, _TIMEOUT, repoll=True),
    "DP00800001026": Meaning(_C.PROVIDER_REJECTED, _SETUP, _OUR_SETUP),
    "DP00800001029": Meaning(_C.APPROVAL_TIMEOUT, _TIMEOUT, _FINAL, repoll=True),
    "DP00900001013": Meaning(_C.PROVIDER_REJECTED, _SETUP, _OUR_SETUP),
    "DP00900001016": Meaning(_C.PROVIDER_REJECTED, _SETUP, _OUR_SETUP),
    "DP00900001018": Meaning(_C.PROVIDER_REJECTED, _SETUP, _OUR_SETUP),
    "ESB000001": Meaning(_C.UNSPECIFIED, _GENERIC, repoll=True),
    "ESB000004": Meaning(_C.UNSPECIFIED, _GENERIC, repoll=True),
    "ESB000008": Meaning(_C.PROVIDER_REJECTED, _SETUP, _OUR_SETUP),
    "ESB000011": Meaning(_C.UNSPECIFIED, _GENERIC, repoll=True),
    "ESB000014": Meaning(_C.UNSPECIFIED, _GENERIC, repoll=True),
    "ESB000033": Meaning(_C.PROVIDER_REJECTED, _SETUP, _FINAL),
    "ESB000034": Meaning(_C.PROVIDER_REJECTED, _SETUP, _FINAL),
    "ESB000035": Meaning(_C.PROVIDER_REJECTED, _SETUP, _FINAL),
    "ESB000036": Meaning(_C.PROVIDER_REJECTED, _SETUP, _FINAL),
    "ESB000039": Meaning(_C.PROVIDER_REJECTED, _SETUP, _OUR_SETUP),
    "0000900": Meaning(_C.UNSPECIFIED, _GENERIC, repoll=True),
    **{
        f"ROUTER{number}": Meaning(_C.PROVIDER_REJECTED, _SETUP, _OUR_SETUP)
        for number in ("001", "003", "005", "006", "007", "110", "112", "119")
    },
    "ROUTER117": Meaning(_C.UNSPECIFIED, _GENERIC, repoll=True),
}
"""DP00900001013 is the catch-all: seen for our own faults and for anything else."""

_UNKNOWN: Final = Meaning(_C.UNSPECIFIED, _GENERIC, repoll=True)

CREDENTIALS: Final = Failure(_C.PROVIDER_REJECTED, _SETUP, "CREDENTIALS")
FORBIDDEN: Final = Failure(_C.PROVIDER_REJECTED, _SETUP, "HTTP_403")
PAYER_NOT_FOUND: Final = Failure(_C.PAYER_NOT_FOUND, _NOT_A_WALLET, NO_PIN)

_AT: Final = {
    Ending.FAILED: "ESB000011",
    Ending.REJECTED: "DP00800001008",
    Ending.EXPIRED: "DP00800001029",
    Ending.PAYEE_NOT_ALLOWED_TO_RECEIVE: "DP00800001010",
    Ending.NOT_ALLOWED_TARGET_ENVIRONMENT: "ROUTER001",
    Ending.INVALID_CURRENCY: "ROUTER119",
    Ending.INTERNAL_PROCESSING_ERROR: "ESB000001",
    Ending.COULD_NOT_PERFORM_TRANSACTION: NO_PIN,
    Ending.TRANSFER_TYPE_UNKNOWN: "DP00800009999",
    Ending.NOT_ENOUGH_FUNDS: "DP00800001007",
    Ending.PAYER_LIMIT_REACHED: "DP00800001003",
}


def failure(provider_code: str | None) -> Failure:
    """The failure behind the reason of a failed payment; unknown and absent ones have one, too."""
    meaning = MEANINGS.get(provider_code or "", _UNKNOWN)
    return Failure(meaning.code, meaning.message, provider_code, repoll=meaning.repoll)


def failure_at(ending: Ending) -> Failure | None:
    """The failure behind the ending of a test number; None for what Airtel has no code for."""
    if ending is Ending.PAYER_NOT_FOUND:
        return PAYER_NOT_FOUND
    return failure(_AT[ending]) if ending in _AT else None


def refusal(provider_code: str | None) -> Refusal | None:
    """What a code says of the request that it refuses; None for an unknown one."""
    meaning = MEANINGS.get(provider_code or "")
    return meaning.refusal if meaning else None
