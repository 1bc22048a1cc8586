"""Record the answer to an attempt: delivered, again later, or the end of delivery or endpoint."""

from datetime import timedelta

import structlog

from zampay.infra.database.db import Transaction
from zampay.infra.telemetry import metrics
from zampay.kernel import backoff
from zampay.tenants import audit
from zampay.webhooks import event_types, events, queries
from zampay.webhooks.delivery.lease import Lease
from zampay.webhooks.delivery.sending import Answer
from zampay.webhooks.models import DELIVERED, EXHAUSTED, Delivery, Endpoint

log = structlog.get_logger()
_STEPS_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in _STEPS_S)
MAX_ATTEMPTS = len(SCHEDULE) + 1
LONGEST_WAIT_S = 86_400.0
GIVE_UP_AFTER = timedelta(days=5)
GONE = 410
OUTCOMES = ("delivered", "refused", "no_answer")


def record(tx: Transaction, lease: Lease, answer: Answer) -> None:
    """Record the answer to one attempt, and enqueue what else the endpoint is owed.

    An attempt that has lost its lease (it ended, or the merchant asked for the event again) records
    nothing: another attempt decides.
    """
    tx.once_committed(lambda: _log_and_count(lease, answer))
    endpoint = queries.endpoint_of(tx, lease.delivery_id)
    delivery = queries.locked(tx, lease.delivery_id)
    if endpoint is None or delivery is None or delivery.leased_until != lease.until:
        return
    delivery.leased_until = None
    delivery.answer_status = answer.status
    delivery.answer_text = answer.text
    delivery.latency_ms = endpoint.latency_ms = answer.latency_ms
    if answer.is_success:
        endpoint.failing_since = None
        delivery.status, delivery.due_at, delivery.delivered_at = DELIVERED, None, tx.now
    else:
        _failed(tx, endpoint, delivery, answer)
    _enqueue_next(tx, endpoint)


def _log_and_count(lease: Lease, answer: Answer) -> None:
    """One line and one measurement for every attempt, without address and body."""
    outcome = "delivered" if answer.is_success else "refused" if answer.status else "no_answer"
    log.info(
        "webhook_attempt",
        delivery_id=lease.delivery_id,
        outcome=outcome,
        status=answer.status,
        duration_ms=answer.latency_ms,
    )
    metrics.WEBHOOKS.labels(outcome).inc()
    metrics.WEBHOOK_SECONDS.observe(answer.latency_ms / 1000)


def _failed(tx: Transaction, endpoint: Endpoint, delivery: Delivery, answer: Answer) -> None:
    log.warning("webhook_failed", endpoint_id=endpoint.id, status=answer.status)
    endpoint.failing_since = endpoint.failing_since or tx.now
    if delivery.attempts >= MAX_ATTEMPTS:
        delivery.status, delivery.due_at = EXHAUSTED, None
    else:
        delivery.due_at = tx.now + _delay(delivery.attempts, answer)
    reason = _reason_to_disable(tx, endpoint, answer)
    if reason is not None:
        _disable(tx, endpoint, reason)


def _enqueue_next(tx: Transaction, endpoint: Endpoint) -> None:
    """One attempt ends, one may begin: a backlog drains at the endpoint's own pace."""
    following = queries.first_owed(tx, endpoint.id) if endpoint.enabled else None
    if following is not None:
        events.enqueue(tx, [following])


def _delay(attempts: int, answer: Answer) -> timedelta:
    """By the schedule, or for as long as the merchant asks, up to a day."""
    wished = timedelta(seconds=min(answer.retry_after_s or 0.0, LONGEST_WAIT_S))
    return max(backoff.scheduled(attempts, SCHEDULE), wished)


def _reason_to_disable(tx: Transaction, endpoint: Endpoint, answer: Answer) -> str | None:
    """410 at once, otherwise five days without one success; None for neither."""
    assert endpoint.failing_since is not None, "it has just failed"
    if answer.status == GONE:
        return "it answered 410 Gone"
    if tx.now - endpoint.failing_since >= GIVE_UP_AFTER:
        return f"it failed for {GIVE_UP_AFTER.days} days"
    return None


def _disable(tx: Transaction, endpoint: Endpoint, reason: str) -> None:
    """Switch it off, with an entry in the audit log and an event for the other endpoints."""
    endpoint.enabled, endpoint.disabled_reason = False, reason
    endpoint.position += 1
    tx.session.flush()
    events.cancel_owed(tx, endpoint)
    audit.record(
        tx,
        action=event_types.ENDPOINT_DISABLED,
        actor="zampay",
        address=None,
        subject=endpoint.id,
        reason=reason,
    )
    events.publish(
        tx,
        livemode=endpoint.livemode,
        event_type=event_types.ENDPOINT_DISABLED,
        subject_id=endpoint.id,
        position=endpoint.position,
        data={"id": endpoint.id, "url": endpoint.url, "reason": reason},
    )
