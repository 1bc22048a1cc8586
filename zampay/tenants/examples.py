"""What answers about tenants and keys look like, for the document of the API. Tests compare each
with what the gateway really answers.
"""

from zampay.tenants.scopes import ALL

_ID = "key_01k9tq1b5s3d7f9g2h4j6k8m0n"

REGISTERED = {
    "tenantId": "ten_01k9tq1b4r6t8v0w2x4y6z8a1c",
    "businessName": "Kalulu Books",
    "email": "owner@kalulu.example",
    "liveActivated": False,
    "apiKey": "zp_test_…",
}
KEY = {
    "id": _ID,
    "name": "First test key",
    "livemode": False,
    "hint": "zp_test_r5rj",
    "scopes": ALL,
    "createdAt": "2026-11-27T09:10:00.423Z",
    "expiresAt": None,
    "revokedAt": None,
    "lastUsedAt": "2026-11-27T09:15:00.464Z",
}
NEW_KEY = {**KEY, "name": "Shop", "lastUsedAt": None, "apiKey": "zp_test_…"}
KEYS = {"data": [KEY], "hasMore": False, "nextCursor": None}
_ENTRY = {
    "at": "2026-11-27T09:14:18.508Z",
    "action": "webhook_endpoint.created",
    "actor": _ID,
    "address": "41.223.58.1",
    "subject": "whe_01k9tq2n6p8q0r2s4t6v8w0x2y",
    "details": {},
    "tenantId": REGISTERED["tenantId"],
    "position": 3,
    "atMicros": 1_795_770_858_508_000,
    "hash": "0123456789abcdef" * 4,
}
AUDIT_PAGE = {"data": [_ENTRY], "hasMore": False, "nextCursor": None}
