"""Record the answers to attempts: delivered, again later, or the end of delivery or endpoint."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from zampay.infra.database.db import Transaction
from zampay.infra.telemetry import metrics
from zampay.kernel import backoff
from zampay.tenants import audit
from zampay.webhooks import event_types, events
from zampay.webhooks.delivery import queries
from zampay.webhooks.delivery.lease import Lease, is_slow
from zampay.webhooks.delivery.queries import Found, Record
from zampay.webhooks.delivery.sending import Answer
from zampay.webhooks.delivery.serving import Answered
from zampay.webhooks.models import DELIVERED, EXHAUSTED, PENDING, Endpoint

log = structlog.get_logger()
_STEPS_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in _STEPS_S)
MAX_ATTEMPTS = len(SCHEDULE) + 1
LONGEST_WAIT_S = 86_400.0
GIVE_UP_AFTER = timedelta(days=5)
GONE = 410
OUTCOMES = ("delivered", "refused", "no_answer")


def record(tx: Transaction, endpoint_id: str, answered: Sequence[Answered]) -> Found | None:
    """Record the answers to attempts of one endpoint; the endpoint, locked.

    An attempt that has lost its lease (it ended, or the merchant asked for the event again) records
    nothing: another attempt decides.
    """
    for one in answered:
        tx.once_committed(partial(_log_and_count, one.lease, one.answer))
    found = queries.lock_and_record(tx, endpoint_id, [_record(tx, one) for one in answered])
    for one in answered:
        if found is not None and one.lease.delivery_id in found.recorded:
            _note(tx, found.endpoint, one.answer)
    return found


def _record(tx: Transaction, answered: Answered) -> Record:
    lease, answer = answered.lease, answered.answer
    status, due_at, delivered_at = DELIVERED, None, None
    if answer.is_success:
        delivered_at = tx.now
    elif lease.attempts >= MAX_ATTEMPTS:
        status = EXHAUSTED
    else:
        status, due_at = PENDING, tx.now + _delay(lease.attempts, answer)
    return Record(
        lease.delivery_id,
        lease.until,
        status,
        due_at,
        delivered_at,
        answer.status,
        answer.text,
        answer.latency_ms,
    )


def _note(tx: Transaction, endpoint: Endpoint, answer: Answer) -> None:
    """What the answer says of the endpoint. Its row is written only if that is news: it is the row
    that all attempts share.
    """
    news: dict[str, Any] = {}
    known_ms = endpoint.latency_ms
    if known_ms is None or is_slow(known_ms) != is_slow(answer.latency_ms):
        news["latency_ms"] = answer.latency_ms
    was_failing = endpoint.failing_since is not None
    if was_failing == answer.is_success:
        news["failing_since"] = None if answer.is_success else tx.now
    if news:
        queries.change(tx, endpoint, **news)
    if answer.is_success:
        return
    log.warning("webhook_failed", endpoint_id=endpoint.id, status=answer.status)
    reason = _reason_to_disable(tx, endpoint, answer)
    if reason is not None and endpoint.enabled:
        _disable(tx, endpoint, reason)


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
    position = endpoint.position + 1
    queries.change(tx, endpoint, enabled=False, disabled_reason=reason, position=position)
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
