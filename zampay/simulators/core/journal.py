"""The journal: who was charged, who was paid, what was answered, and which callbacks were sent."""

from collections import Counter, deque
from typing import Any

KEPT = 10_000


class Journal:
    """Requests and callbacks since the last reset, oldest first. The wallet keeps what moved."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start new lists; a request or callback in progress is written to the old ones."""
        self.requests: deque[dict[str, object]] = deque(maxlen=KEPT)
        self.callbacks: deque[dict[str, object]] = deque(maxlen=KEPT)

    def shown(self, charges: list[dict[str, str]], payouts: list[dict[str, str]]) -> dict[str, Any]:
        """The journal with these charges and payouts, counted per reference and external id."""
        return {
            "charges": charges,
            "byReference": Counter(charge["referenceId"] for charge in charges),
            "byExternalId": Counter(charge["externalId"] for charge in charges),
            "payouts": payouts,
            "payoutsByReference": Counter(payout["referenceId"] for payout in payouts),
            "payoutsByExternalId": Counter(payout["externalId"] for payout in payouts),
            "requests": list(self.requests),
            "callbacks": list(self.callbacks),
        }
