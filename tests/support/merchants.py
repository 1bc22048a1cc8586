"""A merchant as tests play one: over REST, with their keys."""

import itertools
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BASE = "/api/v1"
_orders = itertools.count(1)


@dataclass
class Merchant:
    """One tenant, its two first keys, and the requests that it makes with them."""

    client: FlaskClient
    tenant_id: str
    test_key: str
    live_key: str

    @classmethod
    def register(cls, client: FlaskClient, name: str = "Kalulu Books") -> "Merchant":
        body = {"businessName": name, "email": "owner@example.com"}
        answer = client.post(f"{BASE}/auth/register", json=body)
        assert answer.status_code == 201, answer.json
        merchant = cls(client, answer.json["tenantId"], answer.json["apiKey"], "")
        made = merchant.post("/api-keys", {"name": "Live", "livemode": True}, live=False)
        assert made.status_code == 201, made.json
        merchant.live_key = made.json["apiKey"]
        return merchant

    def headers(self, *, live: bool = True) -> dict[str, str]:
        key = self.live_key if live else self.test_key
        return {"Authorization": f"Bearer {key}", "x-tenant-id": self.tenant_id}

    def get(self, path: str, *, live: bool = True, **query: Any) -> TestResponse:
        return self.client.get(f"{BASE}{path}", headers=self.headers(live=live), query_string=query)

    def post(
        self, path: str, body: Any = None, *, live: bool = True, **headers: str
    ) -> TestResponse:
        given = {**self.headers(live=live), **headers}
        if body is None:
            return self.client.post(f"{BASE}{path}", headers=given)
        return self.client.post(f"{BASE}{path}", headers=given, json=body)

    def delete(self, path: str, *, live: bool = True) -> TestResponse:
        return self.client.delete(f"{BASE}{path}", headers=self.headers(live=live))

    def pay(self, *, live: bool = True, **changes: Any) -> TestResponse:
        """Ask for a payment; every call is a new order unless it names its externalId."""
        return self.post("/payments", payment_request(**changes), live=live)


def payment_request(**changes: Any) -> dict[str, Any]:
    """A request that is in order, with some fields replaced; None leaves a field out."""
    body = {
        "externalId": f"order-{next(_orders)}",
        "amount": "12.50",
        "msisdn": "260963123400",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}
