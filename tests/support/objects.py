"""One object of every kind that a path of the API can name."""

from tests.support.merchants import Merchant
from tests.support.wallets import a_wallet

NO_WALLET = "wal_00000000000000000000000001"
"""In test mode there are none."""
NOBODY_LISTENS = "http://127.0.0.1:9/hooks"


def objects_of(merchant: Merchant, *, live: bool = True) -> dict[str, str]:
    """Make them in one of the two modes; their ids by the name of the path's parameter."""
    hook = merchant.post("/webhook-endpoints", {"url": NOBODY_LISTENS}, live=live)
    cancelled = merchant.pay(live=live).json["id"]
    merchant.post(f"/payments/{cancelled}/cancel", live=live)
    key = merchant.post("/api-keys", {"name": "Spare", "livemode": live}, live=live)
    return {
        "payment_id": merchant.pay(live=live).json["id"],
        "key_id": key.json["id"],
        "endpoint_id": hook.json["id"],
        "wallet_id": a_wallet(merchant)["id"] if live else NO_WALLET,
        "event_id": merchant.get("/events", live=live).json["data"][0]["id"],
    }
