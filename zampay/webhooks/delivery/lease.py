"""Lease deliveries that are due: one attempt at each at a time, in the database's time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from zampay.infra import encryption
from zampay.infra.database.db import Transaction
from zampay.infra.web import rate_limits
from zampay.webhooks import events, secrets, url_rules
from zampay.webhooks.delivery import queries, sending
from zampay.webhooks.delivery.concurrency import Held
from zampay.webhooks.delivery.queries import Found
from zampay.webhooks.delivery.sending import Message

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
    """One attempt at one delivery, the `attempts`-th; nobody else makes one before `until`."""

    delivery_id: str
    attempts: int
    until: datetime
    at: datetime
    message: Message


def take(tx: Transaction, held: Held, found: Found) -> list[Lease]:
    """Lease as many deliveries as are due, the endpoint has room for, and there are slots for.

    What cannot be signed waits for the operator; no attempt is counted. What finds no room stays
    due: the end of an attempt takes the next, and so does the sweep. What goes to a host that has
    had many attempts in vain is due later.
    """
    endpoint, wanted = found.endpoint, min(found.owed, found.room)
    if not endpoint.enabled:
        if found.owed:
            events.cancel_owed(tx, endpoint)
        return []
    decrypted = _decrypted(tx, found) if wanted else None
    if decrypted is None:
        return []
    is_unproven = not found.answers or is_slow(endpoint.latency_ms)
    most = held.take(wanted, unproven=is_unproven)
    if not most:
        held.wait(endpoint.id)
        return []
    if _is_put_off(tx, found):
        return []
    until = tx.now + LEASE
    return [
        Lease(
            row.delivery_id,
            row.attempts,
            until,
            tx.now,
            Message(endpoint.url, row.id, sending.body_of(row), *decrypted),
        )
        for row in queries.lease(tx, found, most=most, until=until)
    ]


def _decrypted(tx: Transaction, found: Found) -> tuple[dict[str, str], list[str]] | None:
    """The endpoint's headers and signing secrets; None, and what is owed is due later, where no key
    decrypts them.
    """
    try:
        return secrets.headers_of(found.endpoint), secrets.signing_secrets(found.endpoint, tx.now)
    except encryption.CannotDecrypt:
        log.exception("webhook_secret_cannot_be_decrypted", endpoint_id=found.endpoint.id)
        queries.put_off(tx, found, most=found.owed, until=tx.now + UNTIL_A_KEY_COMES)
        return None


def is_slow(latency_ms: int | None) -> bool:
    """Whether an answer that takes so long makes an endpoint an unproven one."""
    return (latency_ms or 0) > SLOW_MS


def _is_put_off(tx: Transaction, found: Found) -> bool:
    """Whether the host has had enough attempts in vain: then this one is due when there is room."""
    if found.answers:
        return False
    url = found.endpoint.url
    host = f"{url_rules.host_of(url)}:{urlsplit(url).port or HTTPS}"
    wait_s = rate_limits.wait_for_s(UNPROVEN_PER_HOST, "webhook-host", host)
    if wait_s is not None:
        queries.put_off(tx, found, most=1, until=tx.now + timedelta(seconds=wait_s))
    return wait_s is not None
