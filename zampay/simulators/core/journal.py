"""The journal: who was charged, what was answered, and which callbacks were sent."""

from collections import Counter, deque
from typing import Any

KEPT = 10_000


class Journal:
    """Requests and callbacks since the last reset, oldest first. The wallet keeps the charges."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start new lists; a request or callback in progress is written to the old ones."""
        self.requests: deque[dict[str, object]] = deque(maxlen=KEPT)
        self.callbacks: deque[dict[str, object]] = deque(maxlen=KEPT)

    def shown(self, charges: list[dict[str, str]]) -> dict[str, Any]:
        """The journal with these charges, counted per reference and per external id."""
        return {
            "charges": charges,
            "byReference": Counter(charge["referenceId"] for charge in charges),
            "byExternalId": Counter(charge["externalId"] for charge in charges),
            "requests": list(self.requests),
            "callbacks": list(self.callbacks),
        }
