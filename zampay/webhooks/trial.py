"""A test event, sent while the merchant waits: not numbered, not kept, signed like any other."""

import json
import threading
from datetime import datetime
from typing import Any

from zampay.infra.db import transaction
from zampay.kernel import ids
from zampay.kernel.clock import rfc3339
from zampay.kernel.errors import ZamPayError
from zampay.tenants.auth import Caller
from zampay.webhooks import endpoints, event_types, sending

AT_ONCE = 2
_room = threading.BoundedSemaphore(AT_ONCE)


class TestsUnderWay(ZamPayError):
    """Merchants' servers that hang must not take the threads that everybody's requests need."""

    code = "webhook_tests_under_way"
    status = 429
    title = "Other test events wait for their answers"
    advice = "wait for the answers to the other test events"


def send(*, caller: Caller, endpoint_id: str) -> dict[str, Any]:
    """What the endpoint answered; nothing is repeated.

    Raises:
        EndpointNotFound, TestsUnderWay.
    """
    message, at = _message(caller, endpoint_id)
    if not _room.acquire(blocking=False):
        raise TestsUnderWay(retry_after_s=5)
    try:
        answer = sending.send(message, at=at)
    finally:
        _room.release()
    return {
        "delivered": answer.is_success,
        "answer_status": answer.status,
        "answer_text": answer.text,
        "latency_ms": answer.latency_ms,
    }


def _message(caller: Caller, endpoint_id: str) -> tuple[sending.Message, datetime]:
    event_id = ids.new("evt")
    with transaction(caller.tenant_id) as tx:
        endpoint = endpoints.own(tx, caller, endpoint_id)
        now = tx.now
        body = {
            "id": event_id,
            "type": event_types.TEST,
            "sequence": None,
            "livemode": endpoint.livemode,
            "createdAt": rfc3339(now),
            "data": {"endpointId": endpoint.id},
        }
        message = sending.Message(
            url=endpoint.url,
            message_id=event_id,
            body=json.dumps(body, separators=(",", ":")),
            headers=endpoint.headers,
            signing_secrets=endpoints.signing_secrets(endpoint, now),
        )
    return message, now
