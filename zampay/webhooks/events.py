"""Publish events, and owe them to endpoints, in the transaction of what happened."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from zampay.infra.database.db import Transaction
from zampay.kernel import ids
from zampay.webhooks import event_types, queries
from zampay.webhooks.models import (
    CANCELLED,
    DELIVERED,
    PENDING,
    Delivery,
    Endpoint,
    Event,
)

MOST_ENDPOINTS = 16
"""Of a tenant in each mode."""
_CHUNK = 1000
_PUBLISH = f"""
WITH number AS (
    INSERT INTO event_counters AS counter (tenant_id, livemode, last)
    VALUES (%(tenant_id)s, %(livemode)s, 1)
        ON CONFLICT (tenant_id, livemode) DO UPDATE SET last = counter.last + 1
    RETURNING last),
event AS (
    INSERT INTO events (id, tenant_id, livemode, sequence, type, subject_id, position, data)
    SELECT %(id)s, %(tenant_id)s, %(livemode)s, last, %(type)s, %(subject_id)s, %(position)s,
           %(data)s
      FROM number
    RETURNING id, tenant_id),
listening AS (
    SELECT id, row_number() OVER (ORDER BY id) AS place FROM webhook_endpoints
     WHERE tenant_id = %(tenant_id)s AND livemode = %(livemode)s AND deleted_at IS NULL
       AND enabled AND event_types && %(wanted)s::text[])
INSERT INTO webhook_deliveries (id, tenant_id, endpoint_id, event_id, status, attempts, due_at)
SELECT (%(delivery_ids)s::text[])[listening.place], event.tenant_id, listening.id, event.id,
       '{PENDING}', 0, now()
  FROM event CROSS JOIN listening
RETURNING endpoint_id
"""  # noqa: S608 - our own words


def publish(
    tx: Transaction,
    *,
    livemode: bool,
    event_type: str,
    subject_id: str,
    position: int,
    data: dict[str, Any],
) -> str:
    """Append an event with the next number of its tenant and mode, and owe it to the endpoints that
    want its type; the event's id.

    The number comes from a counter row that stays locked until the commit, so that numbers have
    no gaps and agree with the order of commits. Call it last in a transaction: other transactions
    that publish for the same tenant wait from here to the commit.
    """
    tx.flush()
    event_id = ids.new("evt")
    owed = tx.execute(
        _PUBLISH,
        id=event_id,
        tenant_id=tx.tenant_id,
        livemode=livemode,
        type=event_type,
        wanted=[event_type, event_types.EVERY],
        subject_id=subject_id,
        position=position,
        data=data,
        delivery_ids=[ids.new("whd") for _ in range(MOST_ENDPOINTS)],
    )
    enqueue(tx, [row.endpoint_id for row in owed])
    return event_id


def owe(tx: Transaction, *, event_ids: list[str], endpoint_ids: list[str]) -> None:
    """Send each event to each endpoint now, also to one that has had it."""
    rows = [
        {
            "id": ids.new("whd"),
            "tenant_id": tx.tenant_id,
            "endpoint_id": endpoint_id,
            "event_id": event_id,
            **_owed_now(tx),
        }
        for event_id in event_ids
        for endpoint_id in endpoint_ids
    ]
    for start in range(0, len(rows), _CHUNK):
        owed = insert(Delivery).values(rows[start : start + _CHUNK])
        tx.session.execute(
            owed.on_conflict_do_update(
                index_elements=["endpoint_id", "event_id"], set_=_owed_now(tx)
            )
        )
    enqueue(tx, endpoint_ids)


def owe_again(tx: Transaction, endpoint: Endpoint, since: datetime) -> int:
    """Send a locked endpoint now what it was owed since then and has not had, except what is being
    sent; how many events these are.
    """
    its_events = queries.wanted_events(tx, endpoint, since).with_only_columns(Event.id)
    renewed = tx.session.scalars(
        sa.update(Delivery)
        .where(
            Delivery.tenant_id == tx.tenant_id,
            Delivery.endpoint_id == endpoint.id,
            Delivery.status != DELIVERED,
            sa.func.coalesce(Delivery.leased_until <= sa.func.now(), True),
            Delivery.event_id.in_(its_events.scalar_subquery()),
        )
        .values(**_owed_now(tx))
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    if renewed:
        enqueue(tx, [endpoint.id])
    return len(renewed)


def cancel_owed(tx: Transaction, endpoint: Endpoint) -> None:
    """Owe the endpoint nothing more, until somebody replays."""
    tx.session.execute(
        sa.update(Delivery)
        .where(
            Delivery.tenant_id == tx.tenant_id,
            Delivery.endpoint_id == endpoint.id,
            Delivery.status == PENDING,
        )
        .values(status=CANCELLED, due_at=None, leased_until=None)
    )


def enqueue(tx: Transaction, endpoint_ids: Iterable[str]) -> None:
    """Wake these endpoints; the end of each attempt takes the next delivery."""
    for endpoint_id in endpoint_ids:
        tx.enqueue("webhooks.deliver", endpoint_id=endpoint_id, tenant_id=tx.tenant_id)


def _owed_now(tx: Transaction) -> dict[str, Any]:
    return {"status": PENDING, "attempts": 0, "due_at": tx.now, "leased_until": None}
