"""How a payment reads in an enquiry and in a callback (MTN: RequestToPayResult)."""

from typing import Any

from zampay.simulators.mtn.answers import MESSAGES
from zampay.simulators.mtn.wallet import Payment, plain


def shown(payment: Payment) -> dict[str, Any]:
    """The result: the amount normalised, a reason on failure only, no reference at all."""
    status = payment.status  # read first: the rest is complete once the end is seen
    result: dict[str, Any] = {
        "externalId": payment.external_id,
        "amount": plain(payment.amount),
        "currency": payment.currency,
        "payer": payment.payer,
        "payerMessage": payment.payer_message,
        "payeeNote": payment.payee_note,
        "status": status,
    }
    if status == "SUCCESSFUL":
        result["financialTransactionId"] = payment.transaction_id
    if status == "FAILED" and payment.reason is not None:
        message = MESSAGES.get(payment.reason, payment.reason)
        result["reason"] = {"code": payment.reason, "message": message}
    return result
