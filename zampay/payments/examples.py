"""What answers about payments look like, for the document of the API. Tests compare each with what
the gateway really answers.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from zampay.kernel.chain import history_hash
from zampay.kernel.clock import micros
from zampay.providers import registry

_ID = "pay_01k9tq3v0c8m2x5e7h4b6n1r3w"
_REFERENCE = "9ffa2956-1470-4b8d-84c6-cfe94fca2008"
_ASKED_AT = "2026-11-27T09:15:02.310Z"

ACCEPTED: dict[str, Any] = {
    "id": _ID,
    "externalId": "order-1042",
    "provider": registry.IN_EXAMPLES,
    "livemode": False,
    "amount": "12.50",
    "currency": "ZMW",
    "msisdn": "260963123400",
    "payerMessage": "Two books",
    "payeeNote": "",
    "metadata": {"table": "7"},
    "status": "PENDING",
    "failure": None,
    "providerTransactionId": None,
    "createdAt": "2026-11-27T09:15:01.547Z",
    "updatedAt": "2026-11-27T09:15:01.547Z",
    "completedAt": None,
}
PROCESSING = {**ACCEPTED, "status": "PROCESSING", "updatedAt": _ASKED_AT}
PAID = {
    **ACCEPTED,
    "status": "SUCCESSFUL",
    "providerTransactionId": "1884710816",
    "updatedAt": "2026-11-27T09:15:31.152Z",
    "completedAt": "2026-11-27T09:15:31.152Z",
}
FAILED = {
    **ACCEPTED,
    "status": "FAILED",
    "failure": {
        "code": "payer_declined",
        "message": "The payer did not approve the payment.",
        "providerCode": "APPROVAL_REJECTED",
        "retry": "safe",
    },
    "updatedAt": "2026-11-27T09:15:31.152Z",
    "completedAt": "2026-11-27T09:15:31.152Z",
}
CANCELLED = {
    **FAILED,
    "failure": {
        "code": "cancelled",
        "message": "Cancelled before it was sent to the network.",
        "providerCode": None,
        "retry": "safe",
    },
}
FINISHED = {
    **FAILED,
    "failure": {
        "code": "payer_declined",
        "message": "The payment was ended by a test call.",
        "providerCode": None,
        "retry": "safe",
    },
}
IN_REVIEW = {**PROCESSING, "status": "IN_REVIEW", "updatedAt": "2026-11-30T09:15:03.004Z"}
ENDINGS = {
    "paid": {"summary": "The money moved", "value": PAID},
    "failed": {"summary": "The payer refused", "value": FAILED},
}
PAGE = {"data": [PAID], "hasMore": False, "nextCursor": None}
_MOVES: list[dict[str, Any]] = [
    {
        "position": 1,
        "status": "PENDING",
        "previousStatus": None,
        "evidence": "accepted",
        "detail": "accepted by us",
        "at": "2026-11-27T09:15:01.577Z",
        "state": "PENDING",
        "previousState": None,
    },
    {
        "position": 2,
        "status": "PENDING",
        "previousStatus": "PENDING",
        "evidence": "submitted",
        "detail": f"attempt 1, reference {_REFERENCE}",
        "at": "2026-11-27T09:15:02.041Z",
        "state": "SUBMITTING",
        "previousState": "PENDING",
    },
    {
        "position": 3,
        "status": "PROCESSING",
        "previousStatus": "PENDING",
        "evidence": "submitted",
        "detail": "accepted (202)",
        "at": _ASKED_AT,
        "state": "PROCESSING",
        "previousState": "SUBMITTING",
    },
    {
        "position": 4,
        "status": "SUCCESSFUL",
        "previousStatus": "PROCESSING",
        "evidence": "enquiry",
        "detail": "the network says SUCCESSFUL",
        "at": "2026-11-27T09:15:31.152Z",
        "state": "SUCCESSFUL",
        "previousState": "PROCESSING",
    },
]


def _chained(transitions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The transitions with what the chain of hashes adds."""
    previous = ""
    for transition in transitions:
        at_micros = micros(datetime.fromisoformat(transition["at"]))
        line = {**transition, "paymentId": _ID, "atMicros": at_micros}
        previous = history_hash(line, previous)
        yield {**line, "hash": previous}


HISTORY = {"data": list(_chained(_MOVES))}
EXPLANATION = {
    "id": _ID,
    "status": "PROCESSING",
    "sentence": (
        "The network has the payment and is waiting for the payer to approve it; the prompt "
        "is valid for about 5 minutes. A new payment for the same order could charge twice."
    ),
    "askedTimes": 1,
    "askedAt": _ASKED_AT,
    "walletId": None,
    "walletChoice": "sandbox",
    "providerReference": _REFERENCE,
    "networkSaid": {"at": _ASKED_AT, "evidence": "submitted", "detail": "accepted (202)"},
    "callbacks": 0,
    "lastCallbackAt": None,
    "nextAction": "poll",
    "nextActionAt": "2026-11-27T09:15:04.310Z",
    "payerHint": (
        "If the prompt has gone, the payer opens the network's menu on the phone, chooses the "
        "pending approvals and enters the PIN."
    ),
    "newAttempt": "wait_until",
    "waitUntil": "2026-11-27T09:20:02.041Z",
}
