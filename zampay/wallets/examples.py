"""What answers about wallets look like, for the document of the API. Tests compare each with what
the gateway really answers.
"""

from zampay.providers import registry

WALLET = {
    "id": "wal_01k9tq5a0b2c4d6e8f0g2h4j6k",
    "provider": registry.IN_EXAMPLES,
    "name": "Main till",
    "capabilities": ["payment"],
    "status": "UNVERIFIED",
    "callbackPath": None,
    "verifiedAt": None,
    "disabledAt": None,
    "createdAt": "2026-11-27T09:12:40.118Z",
    "updatedAt": "2026-11-27T09:12:40.118Z",
}
ACTIVE = {
    **WALLET,
    "status": "ACTIVE",
    "verifiedAt": "2026-11-27T09:13:05.902Z",
    "updatedAt": "2026-11-27T09:13:05.902Z",
}
DISABLED = {
    **ACTIVE,
    "status": "DISABLED",
    "disabledAt": "2026-11-28T16:00:00.451Z",
    "updatedAt": "2026-11-28T16:00:00.451Z",
}
WALLETS = {"data": [ACTIVE]}
VERIFIED = {
    "wallet": ACTIVE,
    "findings": [
        {
            "code": "credentials_accepted",
            "subject": "credentials",
            "verdict": "fine",
            "says": "accepted; the wallet holds 1204.50 ZMW.",
            "remedy": "",
        }
    ],
}
HOLDINGS = {
    "id": WALLET["id"],
    "network": {"amount": "1204.50", "currency": "ZMW"},
    "ours": [{"currency": "ZMW", "paid": "990.00", "inFlight": "12.50"}],
}
