"""The simulated network as a journey sees it: its journal, its faults and its controls."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests


@dataclass(frozen=True)
class Network:
    """The admin side of the MTN simulator at `url`; payments are named by our own ids."""

    url: str
    session: requests.Session

    def _admin(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(method, f"{self.url}/_admin{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def fault(self, operation: str, kind: str, **details: Any) -> None:
        """One more fault, once unless `times` says otherwise; best narrowed by `msisdn`."""
        fault = {"operation": operation, "kind": kind, "times": 1, **details}
        self._admin("POST", "/faults", fault)

    @contextmanager
    def faults_during(self, faults: list[dict[str, Any]]) -> Iterator[None]:
        """These faults and no others, until the end of the block."""
        self._admin("PUT", "/faults", faults)
        try:
            yield
        finally:
            self._admin("DELETE", "/faults")

    def faults(self) -> list[dict[str, Any]]:
        """Those that can still occur."""
        left: list[dict[str, Any]] = self._admin("GET", "/faults")
        return left

    def journal(self) -> Any:
        return self._admin("GET", "/journal")

    def charges(self, payment_id: str) -> int:
        """How often the payer of this payment was charged, under whatever reference."""
        charged: int = self.journal()["byExternalId"].get(payment_id, 0)
        return charged

    def requests(self, reference: str, operation: str) -> list[Any]:
        """The statuses of all requests of one kind for one reference, oldest first."""
        return [
            request["status"]
            for request in self.journal()["requests"]
            if (request["referenceId"], request["operation"]) == (reference, operation)
        ]

    def polls(self, reference: str) -> int:
        return len(self.requests(reference, "poll"))

    def callbacks(self, reference: str) -> list[Any]:
        """What became of each callback of one reference: a status, `lost`, or an error's name."""
        tries = self.journal()["callbacks"]
        return [attempt["answer"] for attempt in tries if attempt["referenceId"] == reference]

    def callback_url(self, reference: str) -> str:
        """Where the last callback of a reference went, or would have gone."""
        tries = self.journal()["callbacks"]
        return str([one["url"] for one in tries if one["referenceId"] == reference][-1])

    def settle(self, reference: str, status: str, reason: str = "EXPIRED") -> None:
        self._admin(
            "POST", "/settle", {"referenceId": reference, "status": status, "reason": reason}
        )

    def call_back(self, reference: str, *, copies: int = 1, body: Any = None) -> None:
        """Send callbacks at once and wait for their answers; `body` replaces the true one."""
        wanted = {"referenceId": reference, "copies": copies, "body": body}
        self._admin("POST", "/callbacks", wanted)

    def release(self) -> None:
        """Let every hanging request continue."""
        self._admin("POST", "/release")

    def expire_tokens(self) -> None:
        self._admin("POST", "/tokens/expire")
