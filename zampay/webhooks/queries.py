"""Reads of events, endpoints and deliveries; every one takes the transaction it reads in."""

from datetime import datetime

import sqlalchemy as sa

from zampay.infra.db import Transaction
from zampay.webhooks import event_types
from zampay.webhooks.models import DELIVERED, Delivery, Endpoint, Event


def listening(tx: Transaction, *, livemode: bool, event_type: str) -> list[str]:
    """Ids of the endpoints that want events of this type."""
    return list(
        tx.session.scalars(
            _endpoints(tx, livemode=livemode)
            .with_only_columns(Endpoint.id)
            .where(
                Endpoint.enabled.is_(True),
                Endpoint.event_types.overlap([event_type, event_types.EVERY]),
            )
        )
    )


def endpoints(tx: Transaction, *, livemode: bool) -> list[Endpoint]:
    """All endpoints of the tenant in this world, oldest first."""
    ordered = _endpoints(tx, livemode=livemode).order_by(Endpoint.created_at, Endpoint.id)
    return list(tx.session.scalars(ordered))


def endpoint(
    tx: Transaction, endpoint_id: str, *, livemode: bool, lock: bool = False
) -> Endpoint | None:
    """One endpoint of the tenant in this world."""
    query = _endpoints(tx, livemode=livemode).where(Endpoint.id == endpoint_id)
    return tx.session.scalar(query.with_for_update() if lock else query)


def endpoint_of(tx: Transaction, delivery_id: str) -> Endpoint | None:
    """The endpoint of a delivery, locked: claims on one endpoint take turns. To be locked before
    the delivery, as everywhere, so that nobody waits in a circle.
    """
    its_endpoint = sa.select(Delivery.endpoint_id).where(Delivery.id == delivery_id)
    return tx.session.scalar(
        sa.select(Endpoint)
        .where(Endpoint.tenant_id == tx.tenant_id, Endpoint.id.in_(its_endpoint))
        .with_for_update()
    )


def in_flight(tx: Transaction, endpoint_id: str) -> int:
    """How many deliveries to one endpoint are being made now."""
    counted = sa.select(sa.func.count()).where(
        Delivery.tenant_id == tx.tenant_id,
        Delivery.endpoint_id == endpoint_id,
        Delivery.due_at.is_not(None),
        Delivery.leased_until > sa.func.now(),
    )
    return tx.session.scalar(counted) or 0


def locked_if_due(tx: Transaction, delivery_id: str) -> Delivery | None:
    """The delivery, locked, if it is owed now and nobody else is at it."""
    return tx.session.scalar(
        sa.select(Delivery)
        .where(
            Delivery.tenant_id == tx.tenant_id,
            Delivery.id == delivery_id,
            Delivery.due_at <= sa.func.now(),
        )
        .with_for_update(skip_locked=True)
    )


def locked(tx: Transaction, delivery_id: str) -> Delivery | None:
    """The delivery, locked until the transaction ends."""
    return tx.session.scalar(
        sa.select(Delivery)
        .where(Delivery.tenant_id == tx.tenant_id, Delivery.id == delivery_id)
        .with_for_update()
    )


def due(tx: Transaction, *, limit: int) -> list[tuple[str, str]]:
    """(delivery id, tenant id) of rows that are owed, of every tenant.

    Endpoints take turns, oldest delivery first, so that none keeps another waiting.
    """
    turn = sa.func.row_number().over(partition_by=Delivery.endpoint_id, order_by=Delivery.due_at)
    owed = (
        sa.select(Delivery.id, Delivery.tenant_id, Delivery.due_at, turn.label("turn"))
        .where(Delivery.due_at <= sa.func.now())
        .subquery()
    )
    rows = tx.session.execute(
        sa.select(owed.c.id, owed.c.tenant_id).order_by(owed.c.turn, owed.c.due_at).limit(limit)
    )
    return [(row.id, row.tenant_id) for row in rows]


def event(tx: Transaction, event_id: str, *, livemode: bool) -> Event | None:
    """One event of the tenant in this world."""
    return tx.session.scalar(_events(tx, livemode=livemode).where(Event.id == event_id))


def event_of(tx: Transaction, delivery: Delivery) -> Event:
    """The event of a delivery."""
    return tx.session.scalars(
        sa.select(Event).where(Event.tenant_id == tx.tenant_id, Event.id == delivery.event_id)
    ).one()


def events_after(tx: Transaction, number: int, *, livemode: bool, limit: int) -> list[Event]:
    """What follows the event with this number, in order."""
    query = _events(tx, livemode=livemode).where(Event.sequence > number)
    return list(tx.session.scalars(query.order_by(Event.sequence).limit(limit)))


def missed(tx: Transaction, target: Endpoint, since: datetime) -> list[str]:
    """Ids of events since then that the endpoint wants and has not had, in order."""
    had = sa.exists().where(
        Delivery.endpoint_id == target.id,
        Delivery.event_id == Event.id,
        Delivery.status == DELIVERED,
    )
    query = _events(tx, livemode=target.livemode).where(Event.created_at >= since, ~had)
    if event_types.EVERY not in target.event_types:
        query = query.where(Event.type.in_(target.event_types))
    ordered = query.with_only_columns(Event.id).order_by(Event.sequence)
    return list(tx.session.scalars(ordered))


def deliveries(
    tx: Transaction, endpoint_id: str, *, before: tuple[datetime, str] | None, limit: int
) -> list[tuple[Delivery, Event]]:
    """Deliveries to one endpoint with their events, newest first."""
    query = (
        sa.select(Delivery, Event)
        .join(Event, Event.id == Delivery.event_id)
        .where(Delivery.tenant_id == tx.tenant_id, Delivery.endpoint_id == endpoint_id)
    )
    if before is not None:
        query = query.where(sa.tuple_(Delivery.created_at, Delivery.id) < before)
    newest = query.order_by(Delivery.created_at.desc(), Delivery.id.desc()).limit(limit)
    return [(row[0], row[1]) for row in tx.session.execute(newest)]


def _endpoints(tx: Transaction, *, livemode: bool) -> sa.Select[Endpoint]:
    return sa.select(Endpoint).where(
        Endpoint.tenant_id == tx.tenant_id,
        Endpoint.livemode.is_(livemode),
        Endpoint.deleted_at.is_(None),
    )


def _events(tx: Transaction, *, livemode: bool) -> sa.Select[Event]:
    return sa.select(Event).where(Event.tenant_id == tx.tenant_id, Event.livemode.is_(livemode))
