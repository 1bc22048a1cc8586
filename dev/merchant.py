"""A merchant's server in miniature: speaks to the gateway over REST, and over nothing else."""

from dataclasses import dataclass, replace
from typing import Any, Self

import requests

from dev.environment import DevError

_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Merchant:
    """A tenant with one of its keys; `url` is the gateway's, without the path of the API."""

    url: str
    tenant_id: str
    key: str

    @classmethod
    def register(cls, url: str, *, business_name: str, email: str) -> Self:
        """A new tenant, with the test key that it is given."""
        answer = call(
            "POST",
            f"{url}/api/v1/auth/register",
            json={"businessName": business_name, "email": email},
        )
        return cls(url, answer["tenantId"], answer["apiKey"])

    def live(self) -> Self:
        """The same tenant with a new live key."""
        wanted = {"livemode": True, "name": "development"}
        return replace(self, key=self._ask("POST", "/api-keys", json=wanted)["apiKey"])

    def is_known(self) -> bool:
        """Whether the gateway still takes the key."""
        try:
            self._ask("GET", "/payments?limit=1")
        except DevError:
            return False
        return True

    def pay(self, *, external_id: str, amount: str, msisdn: str) -> dict[str, Any]:
        """Ask a customer for money, in kwacha; the payment as accepted."""
        order = {"externalId": external_id, "amount": amount, "msisdn": msisdn}
        return self._ask("POST", "/payments", json=order)

    def payment(self, payment_id: str) -> dict[str, Any]:
        """The payment as it stands."""
        return self._ask("GET", f"/payments/{payment_id}")

    def history(self, payment_id: str) -> list[dict[str, Any]]:
        """Every transition of the payment so far, oldest first."""
        moves: list[dict[str, Any]] = self._ask("GET", f"/payments/{payment_id}/events")["data"]
        return moves

    @property
    def headers(self) -> dict[str, str]:
        """What every call but register carries."""
        return {"Authorization": f"Bearer {self.key}", "x-tenant-id": self.tenant_id}

    def _ask(self, method: str, path: str, *, json: Any = None) -> dict[str, Any]:
        return call(method, f"{self.url}/api/v1{path}", headers=self.headers, json=json)


def call(
    method: str, url: str, *, json: Any = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """The JSON answer; DevError with the problem when it is a refusal, or there is no answer."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy stands between this machine and itself
            answer = session.request(method, url, json=json, headers=headers, timeout=_TIMEOUT_S)
    except requests.RequestException as error:
        raise DevError(f"{method} {url}: {error}") from error
    if not answer.ok:
        raise DevError(f"{method} {url} answered {answer.status_code}: {answer.text}")
    found: dict[str, Any] = answer.json()
    return found
