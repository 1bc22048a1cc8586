"""Reads of events, endpoints and deliveries; every one takes the transaction it reads in."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from zampay.infra.database.db import Transaction
from zampay.infra.database.definer import Function
from zampay.webhooks import event_types
from zampay.webhooks.models import PENDING, Delivery, Endpoint, Event

KEPT = timedelta(days=30)
FORGET_DELIVERIES = Function(
    "forget_deliveries",
    takes="most integer",
    gives="forgotten bigint",
    body=f"""
        WITH gone AS (
            DELETE FROM public.webhook_deliveries WHERE id IN (
                SELECT d.id FROM public.webhook_deliveries d
                 WHERE d.status <> '{PENDING}'
                   AND d.created_at < now() - interval '{KEPT.days} days'
                   AND coalesce(d.last_attempt_at, d.created_at)
                       < now() - interval '{KEPT.days} days'
                 LIMIT most
                   FOR UPDATE SKIP LOCKED)
            RETURNING id)
        SELECT count(*) FROM gone
    """,  # noqa: S608
    changes_rows=True,
)


def listening(tx: Transaction, *, livemode: bool, event_type: str) -> list[str]:
    """Ids of the endpoints that want events of this type, always in the same order."""
    return list(
        tx.session.scalars(
            _endpoints(tx, livemode=livemode)
            .with_only_columns(Endpoint.id)
            .where(
                Endpoint.enabled.is_(True),
                Endpoint.event_types.overlap([event_type, event_types.EVERY]),
            )
            .order_by(Endpoint.id)
        )
    )


def endpoints(tx: Transaction, *, livemode: bool) -> list[Endpoint]:
    """All endpoints of the tenant in this mode, oldest first."""
    ordered = _endpoints(tx, livemode=livemode).order_by(Endpoint.created_at, Endpoint.id)
    return list(tx.session.scalars(ordered))


def endpoint(
    tx: Transaction, endpoint_id: str, *, livemode: bool, lock: bool = False
) -> Endpoint | None:
    """One endpoint of the tenant in this mode."""
    query = _endpoints(tx, livemode=livemode).where(Endpoint.id == endpoint_id)
    return tx.session.scalar(query.with_for_update(key_share=True) if lock else query)


def locked_endpoints(tx: Transaction) -> list[Endpoint]:
    """All endpoints of the tenant, of both modes, locked in the order of their ids."""
    return list(
        tx.session.scalars(
            sa.select(Endpoint)
            .where(Endpoint.tenant_id == tx.tenant_id, Endpoint.deleted_at.is_(None))
            .order_by(Endpoint.id)
            .with_for_update(key_share=True)
        )
    )


def every_endpoint(tx: Transaction) -> list[Endpoint]:
    """All endpoints that this transaction may see, of every tenant."""
    return list(tx.session.scalars(sa.select(Endpoint).where(Endpoint.deleted_at.is_(None))))


def event(tx: Transaction, event_id: str, *, livemode: bool) -> Event | None:
    """One event of the tenant in this mode."""
    return tx.session.scalar(_events(tx, livemode=livemode).where(Event.id == event_id))


def events_after(tx: Transaction, number: int, *, livemode: bool, limit: int) -> list[Event]:
    """What follows the event with this number, in order."""
    query = _events(tx, livemode=livemode).where(Event.sequence > number)
    return list(tx.session.scalars(query.order_by(Event.sequence).limit(limit)))


def wanted_events(tx: Transaction, target: Endpoint, since: datetime) -> sa.Select[Event]:
    """Events since then of the types that the endpoint listens to."""
    query = _events(tx, livemode=target.livemode).where(Event.created_at >= since)
    if event_types.EVERY not in target.event_types:
        query = query.where(Event.type.in_(target.event_types))
    return query


def never_owed(tx: Transaction, target: Endpoint, since: datetime, *, limit: int) -> list[str]:
    """Ids of events since then that the endpoint wants and was never owed, in order: those from
    before it was created, or while it was disabled.
    """
    owed = sa.exists().where(Delivery.endpoint_id == target.id, Delivery.event_id == Event.id)
    query = wanted_events(tx, target, since).where(~owed).with_only_columns(Event.id)
    return list(tx.session.scalars(query.order_by(Event.sequence).limit(limit)))


def deliveries(
    tx: Transaction,
    endpoint_id: str,
    *,
    status: str | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[tuple[Delivery, Event]]:
    """Deliveries to one endpoint (in one status) with their events, newest first."""
    query = (
        sa.select(Delivery, Event)
        .join(Event, Event.id == Delivery.event_id)
        .where(Delivery.tenant_id == tx.tenant_id, Delivery.endpoint_id == endpoint_id)
    )
    if status is not None:
        query = query.where(Delivery.status == status)
    if before is not None:
        query = query.where(sa.tuple_(Delivery.created_at, Delivery.id) < before)
    newest = query.order_by(Delivery.created_at.desc(), Delivery.id.desc()).limit(limit)
    return [(row[0], row[1]) for row in tx.session.execute(newest)]


def forget_old(tx: Transaction, *, limit: int) -> int:
    """Remove deliveries that are over and whose last attempt is older than the log is kept, of
    every tenant; how many these were. Skips what another transaction has locked.
    """
    return tx.session.scalar(FORGET_DELIVERIES.rows(), {"most": limit}) or 0


def _endpoints(tx: Transaction, *, livemode: bool) -> sa.Select[Endpoint]:
    return sa.select(Endpoint).where(
        Endpoint.tenant_id == tx.tenant_id,
        Endpoint.livemode.is_(livemode),
        Endpoint.deleted_at.is_(None),
    )


def _events(tx: Transaction, *, livemode: bool) -> sa.Select[Event]:
    return sa.select(Event).where(Event.tenant_id == tx.tenant_id, Event.livemode.is_(livemode))


def deliveries_about(tx: Transaction, subject_id: str) -> list[tuple[Delivery, Event]]:
    """What was or is to be delivered about one object, oldest first, with its event."""
    query = (
        sa.select(Delivery, Event)
        .join(Event, Event.id == Delivery.event_id)
        .where(Delivery.tenant_id == tx.tenant_id, Event.subject_id == subject_id)
        .order_by(Event.sequence, Delivery.id)
    )
    return [(row[0], row[1]) for row in tx.session.execute(query)]
