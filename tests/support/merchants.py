"""A merchant as tests play one: over REST, with their keys."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BASE = "/api/v1"
_orders = itertools.count(1)


class Answer(TestResponse):
    """The type of an answer of the API: its body is JSON, never None. It is never made."""

    json: Any


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
        answer = answered(client.post(f"{BASE}/auth/register", json=body))
        assert answer.status_code == 201, answer.json
        merchant = cls(client, answer.json["tenantId"], answer.json["apiKey"], "")
        made = merchant.post("/api-keys", {"name": "Live", "livemode": True}, live=False)
        assert made.status_code == 201, made.json
        merchant.live_key = made.json["apiKey"]
        return merchant

    def headers(self, *, live: bool = True) -> dict[str, str]:
        key = self.live_key if live else self.test_key
        return {"Authorization": f"Bearer {key}", "x-tenant-id": self.tenant_id}

    def get(self, path: str, *, live: bool = True, **query: Any) -> Answer:
        return self._ask("GET", path, live=live, query_string=query)

    def post(
        self,
        path: str,
        body: Any = None,
        *,
        live: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        given = {} if body is None else {"json": body}
        return self._ask("POST", path, live=live, headers=headers, **given)

    def put(self, path: str, body: Any, *, live: bool = True) -> Answer:
        return self._ask("PUT", path, live=live, json=body)

    def delete(self, path: str, *, live: bool = True) -> Answer:
        return self._ask("DELETE", path, live=live)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        live: bool,
        headers: Mapping[str, str] | None = None,
        **given: Any,
    ) -> Answer:
        sent = {**self.headers(live=live), **(headers or {})}
        answer = self.client.open(f"{BASE}{path}", method=method, headers=sent, **given)
        return answered(answer)

    def pay(self, *, live: bool = True, **changes: Any) -> Answer:
        """Ask for a payment; every call is a new order unless it names its externalId."""
        return self.post("/payments", payment_request(**changes), live=live)


def answered(answer: TestResponse) -> Answer:
    """An answer that a test got in its own way, by its type."""
    return cast("Answer", answer)


def payment_request(**changes: Any) -> dict[str, Any]:
    """A request that is in order, with some fields replaced; None leaves a field out."""
    body = {
        "externalId": f"order-{next(_orders)}",
        "amount": "12.50",
        "msisdn": "260963123400",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}
