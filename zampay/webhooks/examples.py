"""What answers about webhooks and events look like, for the document of the API. Tests compare each
with what the gateway really answers.
"""

from zampay.webhooks import event_types

_ENDPOINT_ID = "whe_01k9tq2n6p8q0r2s4t6v8w0x2y"
EVENT_ID = "evt_01k9tq4w7x9y1z3a5b7c9d1e3f"

ENDPOINT = {
    "id": _ENDPOINT_ID,
    "livemode": False,
    "url": "https://shop.example/hooks",
    "eventTypes": [event_types.EVERY],
    "description": "",
    "headers": {"X-Shop": "7"},
    "enabled": True,
    "disabledReason": None,
    "failingSince": None,
    "createdAt": "2026-11-27T09:14:18.479Z",
    "updatedAt": "2026-11-27T09:14:18.479Z",
}
ENDPOINT_WITH_SECRET = {**ENDPOINT, "secret": "whsec_…"}
ENDPOINTS = {"data": [ENDPOINT]}
TEST_ANSWER = {"delivered": True, "answerStatus": 204, "answerText": "", "latencyMs": 48}
REPLAYED = {"events": 5, "hasMore": False}
RESENT = {"endpoints": 1}
DELIVERIES = {
    "data": [
        {
            "id": "whd_01k9tq4w8z0a2b4c6d8e0f2g4h",
            "eventId": EVENT_ID,
            "eventType": event_types.PAYMENT_SUCCESSFUL,
            "sequence": 1042,
            "status": "DELIVERED",
            "attempts": 1,
            "answerStatus": 204,
            "answerText": "",
            "latencyMs": 48,
            "lastAttemptAt": "2026-11-27T09:15:31.310Z",
            "nextAttemptAt": None,
            "deliveredAt": "2026-11-27T09:15:31.310Z",
            "createdAt": "2026-11-27T09:15:31.176Z",
        }
    ],
    "hasMore": False,
    "nextCursor": None,
}
ENDPOINT_DISABLED = {"id": _ENDPOINT_ID, "url": ENDPOINT["url"], "reason": "it failed for 5 days"}
ENDPOINT_TESTED = {"endpointId": _ENDPOINT_ID}
