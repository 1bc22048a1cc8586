"""What answers about networks look like, for the document of the API."""

from zampay.providers import registry

NETWORKS = {
    "data": [
        {
            "provider": registry.IN_EXAMPLES,
            "livemode": True,
            "prefixes": ["096", "076", "056"],
            "currencies": ["ZMW"],
            "kinds": [{"kind": "payment", "minAmount": "0.01", "maxAmount": "1000000.00"}],
            "walletId": "wal_01k9tq5a0b2c4d6e8f0g2h4j6k",
            "walletChoice": "own",
            "state": "OPERATIONAL",
            "since": None,
            "lastHour": {"paidShare": 0.83, "medianS": 21.4},
        }
    ]
}
DEGRADED = {
    "provider": registry.IN_EXAMPLES,
    "walletId": None,
    "state": "DOWN",
    "since": "2026-11-27T09:15:31.176Z",
    "reason": "the network takes no payments: connection refused",
}
RECOVERED = {
    **DEGRADED,
    "state": "OPERATIONAL",
    "since": "2026-11-27T09:41:07.020Z",
    "reason": "the network answers again",
}
HOLDER = {"provider": registry.IN_EXAMPLES, "active": True, "name": None}
