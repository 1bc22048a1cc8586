"""The sandbox behind our contract: no state, no network, the same answer in every process.

How a payment ends follows from its number (`zampay.kernel.sandbox_numbers`) and how far it is from
the time since it was accepted, both of which the order carries.
"""

import uuid
from datetime import timedelta

from zampay.kernel.findings import Finding
from zampay.kernel.sandbox_numbers import Ending, ending
from zampay.providers.contract import (
    Accepted,
    Declined,
    Enquiry,
    Failure,
    FailureCode,
    InDoubt,
    NotFound,
    NotSent,
    Order,
    Profile,
    Report,
    ReportStatus,
    Submission,
)

PAYS_AFTER = timedelta(seconds=1.5)
DELAYED_PAYS_AFTER = timedelta(seconds=20)

FAILURES = {
    Ending.FAILED: (FailureCode.UNSPECIFIED, "The network could not make the payment."),
    Ending.REJECTED: (FailureCode.PAYER_DECLINED, "The payer did not approve the payment."),
    Ending.EXPIRED: (FailureCode.APPROVAL_TIMEOUT, "The payer did not answer the prompt in time."),
    Ending.PAYER_NOT_FOUND: (FailureCode.PAYER_NOT_FOUND, "The number has no active wallet."),
    Ending.PAYEE_NOT_ALLOWED_TO_RECEIVE: (FailureCode.PAYER_NOT_ALLOWED, "A wallet is restricted."),
    Ending.NOT_ALLOWED: (FailureCode.PAYER_NOT_ALLOWED, "A wallet is restricted."),
    Ending.INTERNAL_PROCESSING_ERROR: (FailureCode.UNSPECIFIED, "The network failed."),
    Ending.COULD_NOT_PERFORM_TRANSACTION: (FailureCode.APPROVAL_TIMEOUT, "No answer in time."),
    Ending.TRANSFER_TYPE_UNKNOWN: (FailureCode.UNSPECIFIED, "The network did not say why."),
    Ending.NOT_ENOUGH_FUNDS: (FailureCode.INSUFFICIENT_FUNDS, "The payer's balance is too low."),
    Ending.PAYER_LIMIT_REACHED: (FailureCode.LIMIT_EXCEEDED, "A limit of the wallet is reached."),
}
REFUSALS = {
    Ending.NOT_ALLOWED_TARGET_ENVIRONMENT: FailureCode.PROVIDER_REJECTED,
    Ending.INVALID_CALLBACK_URL_HOST: FailureCode.PROVIDER_REJECTED,
    Ending.INVALID_CURRENCY: FailureCode.PROVIDER_REJECTED,
    Ending.SERVICE_UNAVAILABLE: FailureCode.PROVIDER_UNAVAILABLE,
}
DOUBTS = {
    Ending.ANSWER_LOST_AFTER_CHARGE,
    Ending.RESET_BEFORE_STORING,
    Ending.ERROR_AFTER_CHARGE,
}


class Adapter:
    """Stands in for the network whose profile it is given."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def new_reference(self) -> str:
        """A UUID version 4."""
        return str(uuid.uuid4())

    def diagnose(self) -> list[Finding]:
        """Nothing can be wrong with it."""
        return []

    def submit(self, order: Order) -> Submission:
        """Accepted, refused or in doubt, as the number says."""
        if order.is_too_late:
            return NotSent("too late to send")
        end = ending(order.msisdn)
        if end in REFUSALS:
            message = "The sandbox refuses this number, as a network refuses a wrong set-up."
            return Declined(Failure(REFUSALS[end], message, end.name))
        if end in DOUBTS:
            return InDoubt("no answer (sandbox)")
        return Accepted("accepted (sandbox)")

    def enquire(self, order: Order) -> Enquiry:
        """PENDING until the time is up, then the ending; what it refuses it never knows."""
        end = ending(order.msisdn)
        if end in REFUSALS:
            return NotFound("the sandbox does not know the reference")
        age = order.now - order.accepted_at
        pays_after = DELAYED_PAYS_AFTER if end is Ending.DELAYED else PAYS_AFTER
        if end is Ending.ONGOING or age < pays_after:
            return _report(order, ReportStatus.PENDING)
        if end in FAILURES:
            code, message = FAILURES[end]
            return _report(order, ReportStatus.FAILED, Failure(code, message, end.name))
        return _report(order, ReportStatus.SUCCESSFUL)


def _report(order: Order, status: ReportStatus, failure: Failure | None = None) -> Report:
    paid = status is ReportStatus.SUCCESSFUL
    return Report(
        status=status,
        provider_status=status,
        amount=order.money.shortest(),
        currency=order.money.currency,
        payment_id=order.payment_id,
        provider_transaction_id=f"sandbox-{order.reference[:8]}" if paid else None,
        failure=failure,
    )
