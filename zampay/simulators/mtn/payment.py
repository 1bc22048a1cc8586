"""A request to pay, and how it reads in an answer to a poll and in a callback."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from zampay.simulators.core.wallet import FAILED, SUCCESSFUL, Payment, plain
from zampay.simulators.mtn.answers import MESSAGES
from zampay.simulators.mtn.body import RequestToPay


@dataclass(kw_only=True)
class MtnPayment(Payment):
    """The payment of a request to pay; `user_id` is the API user that made it."""

    request: RequestToPay
    user_id: str
    notifications: Iterator[int] = field(default_factory=itertools.count)

    def shown(self) -> dict[str, Any]:
        """MTN: RequestToPayResult. Amount normalised, a reason on failure only, no reference."""
        status = self.status  # read first: the rest is complete once the status is final
        result: dict[str, Any] = {
            "externalId": self.external_id,
            "amount": plain(self.amount),
            "currency": self.currency,
            "payer": self.request.payer,
            "payerMessage": self.request.payer_message,
            "payeeNote": self.request.payee_note,
            "status": status,
        }
        if status == SUCCESSFUL:
            result["financialTransactionId"] = self.transaction_id
        if status == FAILED and self.reason is not None:
            message = MESSAGES.get(self.reason, self.reason)
            result["reason"] = {"code": self.reason, "message": message}
        return result
