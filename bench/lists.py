"""What a merchant asks over HTTP, for the rows G1: accept, get, each list, and a page far down."""

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from bench import many_rows
from dev.merchant import Merchant
from zampay.kernel import ids

Question = Callable[[], object]
METRICS_TOKEN = ids.secret(32)
_FAR, _ROWS, _MOST_ROWS = 1000, 4, 100
"""A page so far down, of so few rows that few payments are enough for it."""


class _Shop:
    """Asks over one connection."""

    def __init__(self, merchant: Merchant) -> None:
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy stands between this machine and itself
        self._http.headers.update(merchant.headers)
        self._url = merchant.url

    def accept(self) -> None:
        number = f"2609690{secrets.randbelow(10**5):05d}"
        order = {"externalId": ids.new("order"), "amount": "12.50", "msisdn": number}
        url = f"{self._url}/api/v1/payments"
        self._http.post(url, json=order, timeout=60).raise_for_status()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self._http.get(f"{self._url}/api/v1/payments{path}", params=query, timeout=60)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def scrape(self) -> None:
        headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
        self._http.get(f"{self._url}/metrics", headers=headers, timeout=60).raise_for_status()

    def cursor(self) -> str:
        """Where the page far down begins."""
        after: dict[str, str] = {}
        for _ in range(_FAR * _ROWS // _MOST_ROWS):
            after = {"after": self.get("", limit=_MOST_ROWS, **after)["nextCursor"]}
        return after["after"]


def questions(merchant: Merchant) -> Mapping[str, Question]:
    """Each by its name."""
    shop = _Shop(merchant)
    middle = _ago(many_rows.DAYS / 2)
    one = shop.get("", status="FAILED", createdTo=middle, limit=1)["data"][0]
    after = shop.cursor()
    return {
        "accept": shop.accept,
        "get": lambda: shop.get(f"/{one['id']}"),
        **{f"list by {name}": _asks(shop, query) for name, query in _filters(one).items()},
        f"list, page {_FAR:,}": lambda: shop.get("", limit=_ROWS, after=after),
        "scrape of the gauges": shop.scrape,
    }


def _asks(shop: _Shop, query: Mapping[str, str]) -> Question:
    return lambda: shop.get("", **query)


def _filters(one: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    """What finds much, what finds little, and what finds this payment alone."""
    day = {"createdFrom": _ago(11), "createdTo": _ago(10)}
    return {
        "nothing": {},
        "status SUCCESSFUL": {"status": "SUCCESSFUL"},
        "status FAILED": {"status": "FAILED"},
        "status PENDING": {"status": "PENDING"},
        "provider": {"provider": one["provider"]},
        "wallet": {"walletId": many_rows.WALLET},
        "msisdn": {"msisdn": one["msisdn"]},
        "externalId": {"externalId": one["externalId"]},
        "providerTransactionId": {"providerTransactionId": one["providerTransactionId"]},
        "metadata": {"metadata[order]": one["metadata"]["order"]},
        "time": day,
        "status, provider and time": {"status": "FAILED", "provider": one["provider"], **day},
        "status PENDING, wallet and time": {
            "status": "PENDING",
            "walletId": many_rows.WALLET,
            **day,
        },
        "msisdn, status and time": {"msisdn": one["msisdn"], "status": "FAILED", **day},
    }


def _ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()
