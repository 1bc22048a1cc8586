"""Theirs → ours, as pure tables: every code that MTN is known to give.

Sources: ErrorReason in MTN's Collection OpenAPI export, MTN's error-code and common-error pages,
and codes seen in production answers. MTN's set is open: an unknown code of a FAILED payment is a
failure we cannot name; an unknown answer to a request is doubt.
"""

from dataclasses import dataclass
from enum import StrEnum

from zampay.kernel.sandbox_numbers import Ending
from zampay.providers.failures import Failure, FailureCode, Retry


class Refusal(StrEnum):
    """What a code means when MTN answers a *request* with it (before any payment exists)."""

    FINAL = "final"  # nothing was created
    OUR_SETUP = "our_setup"  # MTN reports our configuration; certain once a poll finds nothing
    IN_DOUBT = "in_doubt"  # the payment may exist


@dataclass(frozen=True, slots=True)
class Meaning:
    """One code: the failure it stands for, what it means for a request, and whether a new attempt
    by the merchant is safe. `repoll`: a FAILED with this reason is polled once more.
    """

    code: FailureCode
    message: str
    refusal: Refusal = Refusal.IN_DOUBT
    retry: Retry = Retry.SAFE
    repoll: bool = False


_C = FailureCode
_SETUP = "The gateway's own set-up at the network was refused; the operator has been alerted."
_RESTRICTED = "The payer's or the merchant's wallet may not make this payment."
_DECLINED = "The payer did not approve the payment."
_NOT_A_WALLET = "The number has no active mobile money wallet."
_FUNDS = "The payer's balance is too low."
_LIMIT = "A limit of the payer's or the merchant's wallet is reached."
_TIMEOUT = "The payer did not answer the prompt in time."

MEANINGS: dict[str, Meaning] = {
    "PAYER_NOT_FOUND": Meaning(_C.PAYER_NOT_FOUND, _NOT_A_WALLET, Refusal.FINAL),
    "PAYEE_NOT_FOUND": Meaning(_C.PROVIDER_REJECTED, _SETUP, Refusal.FINAL),
    "NOT_ENOUGH_FUNDS": Meaning(_C.INSUFFICIENT_FUNDS, _FUNDS),
    "LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED": Meaning(_C.INSUFFICIENT_FUNDS, _FUNDS),
    "PAYER_LIMIT_REACHED": Meaning(_C.LIMIT_EXCEEDED, _LIMIT),
    "PAYEE_LIMIT_REACHED": Meaning(_C.LIMIT_EXCEEDED, _LIMIT),
    "PAYEE_NOT_ALLOWED_TO_RECEIVE": Meaning(_C.PAYER_NOT_ALLOWED, _RESTRICTED),
    "SENDER_ACCOUNT_NOT_ACTIVE": Meaning(_C.PAYER_NOT_ALLOWED, _RESTRICTED),
    "NOT_ALLOWED": Meaning(_C.PAYER_NOT_ALLOWED, _RESTRICTED, Refusal.OUR_SETUP),
    "APPROVAL_REJECTED": Meaning(_C.PAYER_DECLINED, _DECLINED),
    "PAYMENT_NOT_APPROVED": Meaning(_C.PAYER_DECLINED, _DECLINED),
    "TRANSACTION_CANCELED": Meaning(_C.PAYER_DECLINED, _DECLINED),
    "EXPIRED": Meaning(_C.APPROVAL_TIMEOUT, _TIMEOUT, repoll=True),
    "COULD_NOT_PERFORM_TRANSACTION": Meaning(_C.APPROVAL_TIMEOUT, _TIMEOUT, repoll=True),
    "INTERNAL_PROCESSING_ERROR": Meaning(
        _C.UNSPECIFIED,
        "The network could not make the payment; most often the payer's balance is too low.",
        repoll=True,
    ),
    "SERVICE_UNAVAILABLE": Meaning(
        _C.PROVIDER_UNAVAILABLE, "The network was unavailable.", repoll=True
    ),
    "VALIDATION_ERROR": Meaning(_C.PROVIDER_REJECTED, _SETUP, Refusal.FINAL),
    "INVALID_CURRENCY": Meaning(_C.PROVIDER_REJECTED, _SETUP, Refusal.OUR_SETUP),
    "INVALID_CALLBACK_URL_HOST": Meaning(_C.PROVIDER_REJECTED, _SETUP, Refusal.OUR_SETUP),
    "NOT_ALLOWED_TARGET_ENVIRONMENT": Meaning(_C.PROVIDER_REJECTED, _SETUP, Refusal.OUR_SETUP),
    "RESOURCE_NOT_FOUND": Meaning(_C.UNSPECIFIED, "The network lost the payment.", repoll=True),
    "TRANSACTION_NOT_FOUND": Meaning(_C.UNSPECIFIED, "The network lost the payment.", repoll=True),
    "RESOURCE_ALREADY_EXIST": Meaning(_C.UNSPECIFIED, "The network refused a second payment."),
}
_UNKNOWN = Meaning(_C.UNSPECIFIED, "The network gave a reason we do not know.", repoll=True)

_OTHERWISE_NAMED = {
    Ending.FAILED: "INTERNAL_PROCESSING_ERROR",
    Ending.REJECTED: "APPROVAL_REJECTED",
}

REFUSED_BY_STATUS = {
    400: Failure(_C.PROVIDER_REJECTED, _SETUP, "HTTP_400"),
    401: Failure(_C.PROVIDER_REJECTED, _SETUP, "HTTP_401"),
    403: Failure(_C.PROVIDER_REJECTED, _SETUP, "HTTP_403"),
    404: Failure(_C.PROVIDER_REJECTED, _SETUP, "HTTP_404"),
}
"""What a request to pay was refused for when the status says it and the body says nothing else."""


def failure(provider_code: str | None) -> Failure:
    """The failure behind a reason; unknown and absent reasons have one, too."""
    meaning = MEANINGS.get(provider_code or "", _UNKNOWN)
    return Failure(
        meaning.code, meaning.message, provider_code, meaning.retry, repoll=meaning.repoll
    )


def failure_at(ending: Ending) -> Failure:
    """The failure behind the ending of a test number; most codes are called as the ending."""
    return failure(_OTHERWISE_NAMED.get(ending, ending.name))


def refusal(provider_code: str | None) -> Refusal:
    """What a code in an error answer says about whether a payment was created."""
    return MEANINGS.get(provider_code or "", _UNKNOWN).refusal
