"""The shapes of Zamtel's answers: HTTP 200 also for a no, with the code as text.

The keys of the ids come twice, once with a space, as in the answers that others have recorded.
"""

from typing import Any

from flask import Response

from zampay.simulators.core.answers import as_json

SUCCESS = "0"
MESSAGES = {
    SUCCESS: "Success",
    "E8003": "Wrong PIN",
    "E8027": "The system is unable to process the request",
    "E8036": "The customer is not registered",
    "-1": "Internal error",
    "2001": "Initiator authentication error",
    "2004": "The amount is invalid",
    "2005": "Rule limited",
    "2006": "The balance is insufficient",
}


def answered(
    conversation_id: str, code: str, *, key: str, transaction_id: str | None = None
) -> Response:
    """One answer to a request to pay; `key` is where its code stands."""
    body: dict[str, Any] = {
        "Conversation id": conversation_id,
        "message": MESSAGES.get(code, "Unknown error"),
        key: int(code) if key != "status" and code.lstrip("-").isdigit() else code,
    }
    if transaction_id is not None:
        body |= {"TransactionId": transaction_id, "Transaction id": transaction_id}
    return as_json(200, body)
