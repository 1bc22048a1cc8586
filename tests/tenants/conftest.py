"""One object of every kind that a path can name."""

from collections.abc import Callable

import pytest

from tests.doors import ScriptedNetwork
from tests.merchants import Merchant

Objects = dict[str, str]


@pytest.fixture
def objects_of(network: ScriptedNetwork) -> Callable[..., Objects]:
    """`objects_of(merchant, live=True)`: makes them and gives their ids by path parameter."""

    def make(merchant: Merchant, *, live: bool = True) -> Objects:
        cancelled = merchant.pay(live=live).json["id"]
        merchant.post(f"/payments/{cancelled}/cancel", live=live)
        key = merchant.post("/api-keys", {"name": "Spare", "livemode": live}, live=live)
        hook = {"url": "https://shop.example/hooks"}
        return {
            "payment_id": merchant.pay(live=live).json["id"],
            "key_id": key.json["id"],
            "endpoint_id": merchant.post("/webhook-endpoints", hook, live=live).json["id"],
            "event_id": merchant.get("/events", live=live).json["data"][0]["id"],
        }

    return make
