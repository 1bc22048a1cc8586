"""Take a delivery that is due: one worker, one attempt, under a lease in the database's time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from zampay.infra import limits, sealed
from zampay.infra.db import Transaction, transaction
from zampay.webhooks import endpoints, queries
from zampay.webhooks.delivery import sending
from zampay.webhooks.delivery.sending import Message
from zampay.webhooks.models import Delivery, Endpoint

LEASE = timedelta(seconds=30)
UNTIL_A_KEY_COMES = timedelta(minutes=5)
SLOW_MS = 2000
UNPROVEN_PER_HOST = "120/minute"
"""Attempts at endpoints of one host that have not shown that they want them, over all tenants: such
a host may be somebody else's.
"""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at one delivery; nobody else makes one before `leased_until`."""

    tenant_id: str
    delivery_id: str
    leased_until: datetime
    at: datetime
    message: Message


def claim(*, tenant_id: str, delivery_id: str, enter: Callable[[bool], bool]) -> Claim | None:
    """The delivery, if it is due, its endpoint has room, and `enter(suspect)` finds it a place.

    What cannot be signed waits for the operator, without an attempt being counted. What finds no
    room stays due: whoever ends an attempt rings for the next (`outcome.record`), and so does the
    sweep. At a host that has had many attempts in vain it is due later.
    """
    with transaction(tenant_id) as tx:
        endpoint = queries.endpoint_of(tx, delivery_id)
        delivery = queries.locked_if_due(tx, delivery_id)
        if delivery is None or endpoint is None:
            return None
        if not endpoint.enabled:
            endpoints.cancel_pending(tx, endpoint)
            return None
        if not queries.has_room(tx, endpoint):
            return None
        try:
            secrets = endpoints.signing_secrets(endpoint, tx.now)
            headers = endpoints.headers_of(endpoint)
        except sealed.CannotOpen:
            log.exception("webhook_secret_cannot_be_opened", endpoint_id=endpoint.id)
            delivery.due_at = tx.now + UNTIL_A_KEY_COMES
            return None
        if not enter(_is_suspect(endpoint)) or _is_put_off(tx, endpoint, delivery):
            return None
        return _claimed(tx, endpoint, delivery, secrets, headers)


def _is_suspect(endpoint: Endpoint) -> bool:
    latency_ms = endpoint.latency_ms
    return endpoint.failing_since is not None or latency_ms is None or latency_ms > SLOW_MS


def _is_put_off(tx: Transaction, endpoint: Endpoint, delivery: Delivery) -> bool:
    """Whether the host has had enough attempts in vain: then this one is due when there is room."""
    if endpoint.latency_ms is not None and endpoint.failing_since is None:
        return False
    wait_s = limits.wait_for_s(UNPROVEN_PER_HOST, "webhook-host", urlsplit(endpoint.url).netloc)
    if wait_s is not None:
        delivery.due_at = tx.now + timedelta(seconds=wait_s)
    return wait_s is not None


def _claimed(
    tx: Transaction,
    endpoint: Endpoint,
    delivery: Delivery,
    signing_secrets: list[str],
    headers: dict[str, str],
) -> Claim:
    until = tx.now + LEASE
    delivery.attempts += 1
    delivery.last_attempt_at = tx.now
    delivery.leased_until = delivery.due_at = until
    event = queries.event_of(tx, delivery)
    message = Message(
        url=endpoint.url,
        message_id=event.id,
        body=sending.body_of(event),
        headers=headers,
        signing_secrets=signing_secrets,
    )
    return Claim(tx.tenant_id, delivery.id, until, tx.now, message)
