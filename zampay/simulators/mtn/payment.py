"""What moves money, and how it reads in an answer to a poll and in a callback."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from zampay.simulators.core.wallet import FAILED, SUCCESSFUL, Payment, plain
from zampay.simulators.mtn.answers import MESSAGES
from zampay.simulators.mtn.body import Order


@dataclass(kw_only=True)
class MtnPayment(Payment):
    """A request to pay, transfer, deposit or refund; `user_id` is the API user that made it."""

    operation: str
    order: Order
    user_id: str
    notifications: Iterator[int] = field(default_factory=itertools.count)

    def shown(self) -> dict[str, Any]:
        """MTN: RequestToPayResult and its like.

        Amount normalised, a reason on failure only, no reference.
        """
        status = self.status  # read first: the rest is complete once the status is final
        result: dict[str, Any] = {
            "externalId": self.external_id,
            "amount": plain(self.amount),
            "currency": self.currency,
            **self.order.echoed,
            "status": status,
        }
        return {**result, **self._outcome(status)}

    def _outcome(self, status: str) -> dict[str, Any]:
        if status == SUCCESSFUL:
            return {"financialTransactionId": self.transaction_id}
        if status == FAILED and self.reason is not None:
            message = MESSAGES.get(self.reason, self.reason)
            return {"reason": {"code": self.reason, "message": message}}
        return {}


class BillPayment(MtnPayment):
    """A v2 payment."""

    def shown(self) -> dict[str, Any]:
        """MTN: PaymentResult. The reference, and neither amount nor customer."""
        status = self.status  # read first, as above
        return {"referenceId": self.reference_id, "status": status, **self._outcome(status)}
