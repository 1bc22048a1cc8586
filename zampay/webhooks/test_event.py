"""A test event, sent while the merchant waits: not numbered, not stored, signed like any other."""

import json
from datetime import datetime
from typing import Any

from zampay.infra.database.db import transaction
from zampay.infra.web import rate_limits
from zampay.kernel import ids
from zampay.kernel.clock import rfc3339
from zampay.kernel.errors import ZamPayError
from zampay.kernel.shares import Shares
from zampay.tenants.auth import Caller
from zampay.webhooks import endpoints, event_types, secrets, url_rules
from zampay.webhooks.delivery import sending

AT_ONCE = 4
PER_TENANT = 1
PER_HOST = "60/minute"


class TestsUnderWay(ZamPayError):
    """Servers that hang must not take the threads that other requests need, nor those of one
    merchant the slots of others.
    """

    code = "webhook_tests_under_way"
    status = 429
    title = "Other test events wait for their answers"
    advice = "wait for the answers to the other test events"


class TooManyTestsForHost(ZamPayError):
    """Test events must not become a flood of requests to somebody else's server."""

    code = "too_many_webhook_tests_for_host"
    status = 429
    title = "That host has had many test events; wait a minute"
    advice = "wait `Retry-After` seconds"


_shares = Shares(at_once=AT_ONCE, per_holder=PER_TENANT)


def send(*, caller: Caller, endpoint_id: str) -> dict[str, Any]:
    """Send one test event; what the endpoint answered.

    Raises:
        EndpointNotFound, TestsUnderWay, TooManyTestsForHost.
    """
    message, at = _message(caller, endpoint_id)
    host = url_rules.host_of(message.url)
    with _shares.take(caller.tenant_id) as taken:
        if not taken:
            raise TestsUnderWay(retry_after_s=5)
        wait_s = rate_limits.wait_for_s(PER_HOST, "webhook-test", host)
        if wait_s is not None:
            raise TooManyTestsForHost(retry_after_s=wait_s)
        answer = sending.send(message, at=at)
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
            headers=secrets.headers_of(endpoint),
            signing_secrets=secrets.signing_secrets(endpoint, now),
        )
    return message, now
