"""Lease a delivery that is due: one attempt at a time, in the database's time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from zampay.infra import encryption
from zampay.infra.database.db import Transaction, transaction
from zampay.infra.web import rate_limits
from zampay.webhooks import events, queries, secrets, url_rules
from zampay.webhooks.delivery import sending
from zampay.webhooks.delivery.concurrency import Slot
from zampay.webhooks.delivery.sending import Message
from zampay.webhooks.models import Delivery, Endpoint

LEASE = timedelta(seconds=30)
UNTIL_A_KEY_COMES = timedelta(minutes=5)
SLOW_MS = 2000
HTTPS = 443
UNPROVEN_PER_HOST = "120/minute"
"""Attempts at endpoints of one host that have not shown that they want them, over all tenants: such
a host may be somebody else's.
"""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Lease:
    """One attempt at one delivery; nobody else makes one before `until`."""

    tenant_id: str
    delivery_id: str
    until: datetime
    at: datetime
    message: Message


def take(slot: Slot, delivery_id: str) -> Lease | None:
    """Lease the delivery, if it is due, its endpoint has room, and there is a slot for it.

    A delivery that cannot be signed waits for the operator; no attempt is counted. One whose
    endpoint has no room stays due: the end of an attempt enqueues the next one
    (`outcome.record`), and so does the sweep. One to a host that has had many attempts in vain is
    due later.
    """
    with transaction(slot.tenant_id) as tx:
        endpoint = queries.endpoint_of(tx, delivery_id)
        delivery = queries.locked_if_due(tx, delivery_id)
        if delivery is None or endpoint is None:
            return None
        if not endpoint.enabled:
            events.cancel_owed(tx, endpoint)
            return None
        if not queries.has_room(tx, endpoint):
            return None
        decrypted = _decrypted(tx, endpoint, delivery)
        if decrypted is None or not slot.take(unproven=_is_unproven(endpoint)):
            return None
        if _is_put_off(tx, endpoint, delivery):
            return None
        delivery.attempts += 1
        delivery.last_attempt_at = tx.now
        delivery.leased_until = delivery.due_at = until = tx.now + LEASE
        event = queries.event_of(tx, delivery)
        body = sending.body_of(event)
        message = Message(endpoint.url, event.id, body, *decrypted)
        return Lease(tx.tenant_id, delivery_id, until, tx.now, message)


def _decrypted(
    tx: Transaction, endpoint: Endpoint, delivery: Delivery
) -> tuple[dict[str, str], list[str]] | None:
    """The endpoint's headers and signing secrets; None, and the delivery is due later, where no
    key decrypts them.
    """
    try:
        return secrets.headers_of(endpoint), secrets.signing_secrets(endpoint, tx.now)
    except encryption.CannotDecrypt:
        log.exception("webhook_secret_cannot_be_decrypted", endpoint_id=endpoint.id)
        delivery.due_at = tx.now + UNTIL_A_KEY_COMES
        return None


def _is_unproven(endpoint: Endpoint) -> bool:
    return not _has_answered(endpoint) or (endpoint.latency_ms or 0) > SLOW_MS


def _has_answered(endpoint: Endpoint) -> bool:
    return endpoint.latency_ms is not None and endpoint.failing_since is None


def _is_put_off(tx: Transaction, endpoint: Endpoint, delivery: Delivery) -> bool:
    """Whether the host has had enough attempts in vain: then this one is due when there is room."""
    if _has_answered(endpoint):
        return False
    host, port = url_rules.host_of(endpoint.url), urlsplit(endpoint.url).port or HTTPS
    wait_s = rate_limits.wait_for_s(UNPROVEN_PER_HOST, "webhook-host", f"{host}:{port}")
    if wait_s is not None:
        delivery.due_at = tx.now + timedelta(seconds=wait_s)
    return wait_s is not None
