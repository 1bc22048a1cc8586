"""Deliver events, at least once: claim, POST with no connection held, record.

If we die between the merchant's 200 and our record, the lease ends and the same event goes out
again under the same `webhook-id`. A slow or dead endpoint delays nobody else: few deliveries to
one endpoint are in flight at once, a single one while it fails, and failing endpoints together
may only use half of a worker's places.
"""

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from zampay.infra.db import Transaction, transaction
from zampay.kernel import backoff
from zampay.tenants import audit
from zampay.webhooks import endpoints, events, queries, sending
from zampay.webhooks.models import DELIVERED, EXHAUSTED, PENDING, Delivery, Endpoint
from zampay.webhooks.sending import Answer, Message

log = structlog.get_logger()
_STEPS_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in _STEPS_S)
MAX_ATTEMPTS = len(SCHEDULE) + 1
LEASE = timedelta(seconds=60)
LONGEST_WAIT = timedelta(days=1)
GIVE_UP_AFTER = timedelta(days=5)
BUSY = timedelta(seconds=1)
IN_FLIGHT, IN_FLIGHT_WHILE_FAILING = 4, 1
PLACES, PLACES_FOR_FAILING = 8, 4
GONE = 410

_places = threading.BoundedSemaphore(PLACES)
_places_for_failing = threading.BoundedSemaphore(PLACES_FOR_FAILING)


@dataclass(frozen=True, slots=True)
class _Claim:
    message: Message
    at: datetime
    attempt: int


def deliver(*, tenant_id: str, delivery_id: str) -> None:
    """Make one attempt, if the delivery is due and there is room."""
    with ExitStack() as taken:
        if not _take(_places, taken):
            return
        claim = _claim(tenant_id, delivery_id, taken)
        if claim is None:
            return
        answer = sending.send(claim.message, at=claim.at)
        with transaction(tenant_id) as tx:
            endpoint = queries.endpoint_of(tx, delivery_id)
            delivery = queries.locked(tx, delivery_id)
            assert endpoint is not None, "endpoints are kept while they have deliveries"
            if delivery is not None and delivery.attempts == claim.attempt:
                _record(tx, endpoint, delivery, answer)


def _take(places: threading.BoundedSemaphore, taken: ExitStack) -> bool:
    """Take a place, if one is free, until `taken` ends."""
    if not places.acquire(blocking=False):
        return False
    taken.callback(places.release)
    return True


def _claim(tenant_id: str, delivery_id: str, taken: ExitStack) -> _Claim | None:
    with transaction(tenant_id) as tx:
        endpoint = queries.endpoint_of(tx, delivery_id)
        delivery = queries.locked_if_due(tx, delivery_id)
        if delivery is None or endpoint is None:
            return None
        if not endpoint.enabled:
            endpoints.cancel_pending(tx, endpoint)
            return None
        if not _has_room(tx, endpoint, taken):
            delivery.due_at = tx.now + backoff.jittered(BUSY)
            return None
        delivery.attempts += 1
        delivery.last_attempt_at = tx.now
        delivery.leased_until = delivery.due_at = tx.now + LEASE
        event = queries.event_of(tx, delivery)
        message = Message(
            url=endpoint.url,
            message_id=event.id,
            body=sending.body_of(event),
            headers=endpoint.headers,
            signing_secrets=endpoints.signing_secrets(endpoint, tx.now),
        )
        return _Claim(message, tx.now, delivery.attempts)


def _has_room(tx: Transaction, endpoint: Endpoint, taken: ExitStack) -> bool:
    failing = endpoint.failing_since is not None
    most = IN_FLIGHT_WHILE_FAILING if failing else IN_FLIGHT
    if queries.in_flight(tx, endpoint.id) >= most:
        return False
    return not failing or _take(_places_for_failing, taken)


def _record(tx: Transaction, endpoint: Endpoint, delivery: Delivery, answer: Answer) -> None:
    delivery.leased_until = None
    delivery.answer_status = answer.status
    delivery.answer_text = answer.text
    delivery.latency_ms = answer.latency_ms
    if answer.is_success:
        endpoint.failing_since = None
        delivery.status, delivery.due_at, delivery.delivered_at = DELIVERED, None, tx.now
        return
    log.warning("webhook_failed", endpoint_id=endpoint.id, status=answer.status)
    endpoint.failing_since = endpoint.failing_since or tx.now
    if delivery.attempts >= MAX_ATTEMPTS:
        delivery.status, delivery.due_at = EXHAUSTED, None
    elif delivery.status == PENDING:
        delivery.due_at = tx.now + _delay(delivery.attempts, answer)
    _disable_if_hopeless(tx, endpoint, answer)


def _delay(attempts: int, answer: Answer) -> timedelta:
    """By the schedule, or as long as the merchant asks for, up to a day."""
    asked = timedelta(seconds=answer.retry_after_s or 0)
    return max(backoff.scheduled(attempts, SCHEDULE), min(asked, LONGEST_WAIT))


def _disable_if_hopeless(tx: Transaction, endpoint: Endpoint, answer: Answer) -> None:
    """After 410 at once, otherwise after five days without one success: with event and audit."""
    assert endpoint.failing_since is not None, "it has just failed"
    reason = None
    if answer.status == GONE:
        reason = "it answered 410 Gone"
    elif tx.now - endpoint.failing_since >= GIVE_UP_AFTER:
        reason = f"it failed for {GIVE_UP_AFTER.days} days"
    if reason is None or not endpoint.enabled:
        return
    endpoint.enabled, endpoint.disabled_reason = False, reason
    endpoint.position += 1
    tx.session.flush()
    endpoints.cancel_pending(tx, endpoint)
    audit.record(
        tx,
        action="webhook_endpoint.disabled",
        actor="zampay",
        address=None,
        subject=endpoint.id,
        reason=reason,
    )
    events.publish(
        tx,
        livemode=endpoint.livemode,
        event_type="webhook_endpoint.disabled",
        subject_id=endpoint.id,
        position=endpoint.position,
        data={"id": endpoint.id, "url": endpoint.url, "reason": reason},
    )
