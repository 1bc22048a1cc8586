"""A payment, and how it reads in an answer to a poll."""

from dataclasses import dataclass
from typing import Any

from zampay.simulators.core.wallet import FINAL, SUCCESSFUL, Payment

DIGITS = 12


@dataclass(kw_only=True)
class ZamtelPayment(Payment):
    """The payment of one request. The ConversationId may come again: each request is a payment of
    its own, so that a second send is a second charge.
    """

    conversation_id: str

    @property
    def receipt(self) -> str | None:
        """The transaction's number, twelve digits."""
        return self.transaction_id.zfill(DIGITS) if self.transaction_id else None

    def facts(self) -> dict[str, str]:
        """Named by the ConversationId, however often that came."""
        return {**super().facts(), "referenceId": self.conversation_id}

    def shown(self) -> dict[str, Any]:
        """As the enquiry answers: `code` 200 and a receipt when it was paid, else a state."""
        status = self.status  # read first: the rest is complete once the status is final
        if status == SUCCESSFUL:
            return {"code": "200", "ORDERID": self.receipt, "ORDERSTATE": "Completed"}
        return {"code": "201", "ORDERSTATE": "Failed" if status in FINAL else "Pending"}
