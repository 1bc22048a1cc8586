"""A merchant's server: speaks to the gateway over REST, and over nothing else."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import requests

FINAL = {"SUCCESSFUL", "FAILED"}
_orders = itertools.count(1)


def payers() -> Iterator[str]:
    """Numbers that simply pay, each for one payment, so that a fault strikes no other. Those of
    50 to 75 end otherwise (`zampay.kernel.sandbox_numbers`).
    """
    for suffix in itertools.cycle([*range(50), *range(76, 100)]):
        yield f"2609631234{suffix:02d}"


@dataclass(frozen=True)
class Shop:
    """One tenant with one of its keys, at the gateway of `url`."""

    session: requests.Session
    url: str
    tenant_id: str
    key: str

    @classmethod
    def open(cls, session: requests.Session, url: str, name: str) -> "Shop":
        """Register; the shop has a test key."""
        body = {"businessName": name, "email": "owner@example.com"}
        answer = session.post(f"{url}/api/v1/auth/register", json=body, timeout=10)
        assert answer.status_code == 201, answer.text
        return cls(session, url, answer.json()["tenantId"], answer.json()["apiKey"])

    def live(self) -> "Shop":
        """The same tenant with a live key."""
        made = self.ask("POST", "/api-keys", {"name": "Live", "livemode": True})
        assert made.status_code == 201, made.text
        return replace(self, key=made.json()["apiKey"])

    def at(self, url: str) -> "Shop":
        """The same tenant at another process of the gateway."""
        return replace(self, url=url)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """One request; raises what `requests` raises when the connection breaks."""
        known = {"Authorization": f"Bearer {self.key}", "x-tenant-id": self.tenant_id}
        return self.session.request(
            method,
            f"{self.url}/api/v1{path}",
            json=body,
            headers=known | headers,
            timeout=10,
        )

    def order(self, msisdn: str, **changes: str) -> dict[str, str]:
        """A request for money under a new externalId."""
        name = f"order-{next(_orders)}"
        return {"externalId": name, "amount": "12.50", "msisdn": msisdn, **changes}

    def pay(self, msisdn: str, **changes: str) -> dict[str, Any]:
        """Ask for money; the payment as accepted."""
        return self.send(self.order(msisdn, **changes))

    def send(self, order: dict[str, str], *, expected: int = 202) -> dict[str, Any]:
        answer = self.ask("POST", "/payments", order)
        assert answer.status_code == expected, answer.text
        accepted: dict[str, Any] = answer.json()
        return accepted

    def payment(self, payment_id: str) -> dict[str, Any]:
        """The payment as it stands."""
        answer = self.ask("GET", f"/payments/{payment_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def history(self, payment_id: str) -> list[dict[str, Any]]:
        """Every transition of the payment, oldest first."""
        moves: list[dict[str, Any]] = self.ask("GET", f"/payments/{payment_id}/events").json()[
            "data"
        ]
        return moves

    def statuses(self, payment_id: str) -> list[str]:
        """The status after each transition."""
        return [move["status"] for move in self.history(payment_id)]
