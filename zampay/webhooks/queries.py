"""Reads of events, endpoints and deliveries; every one takes the transaction it reads in."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from zampay.infra.database.db import Transaction
from zampay.infra.database.definer import Function
from zampay.webhooks import event_types
from zampay.webhooks.models import PENDING, Delivery, Endpoint, Event

KEPT = timedelta(days=30)
IN_FLIGHT, IN_FLIGHT_WHILE_FAILING = 4, 1
DUE_DELIVERIES = Function(
    "due_deliveries",
    takes="most integer",
    gives="id text, tenant_id text",
    body=f"""
        SELECT owed.id, owed.tenant_id
          FROM public.webhook_endpoints e
         CROSS JOIN LATERAL (
               SELECT d.id, d.tenant_id, d.due_at, row_number() OVER (ORDER BY d.due_at) AS turn
                 FROM public.webhook_deliveries d
                WHERE d.endpoint_id = e.id AND d.due_at <= now()
                ORDER BY d.due_at
                LIMIT {IN_FLIGHT}) owed
         WHERE owed.turn <= CASE WHEN e.failing_since IS NULL
                                 THEN {IN_FLIGHT} ELSE {IN_FLIGHT_WHILE_FAILING} END
                          - (SELECT count(*) FROM public.webhook_deliveries w
                              WHERE w.endpoint_id = e.id AND w.leased_until > now())
         ORDER BY e.failing_since IS NOT NULL, owed.turn, owed.due_at
         LIMIT most
    """,  # noqa: S608
)
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


def endpoint_of(tx: Transaction, delivery_id: str) -> Endpoint | None:
    """The endpoint of a delivery, locked: an endpoint's leases are taken one by one. Lock it before
    the delivery, as everywhere: another order can deadlock.
    """
    its_endpoint = sa.select(Delivery.endpoint_id).where(Delivery.id == delivery_id)
    return tx.session.scalar(
        sa.select(Endpoint)
        .where(Endpoint.tenant_id == tx.tenant_id, Endpoint.id.in_(its_endpoint))
        .with_for_update(key_share=True)
    )


def has_room(tx: Transaction, endpoint: Endpoint) -> bool:
    """Whether the locked endpoint may have one more attempt at once."""
    return bool(tx.session.scalar(sa.select(_room() > 0).where(Endpoint.id == endpoint.id)))


def _room() -> sa.ColumnElement[int]:
    """How many more attempts an endpoint may have at once; failing ones get one at a time."""
    under_way = (
        sa.select(sa.func.count())
        .where(Delivery.endpoint_id == Endpoint.id, Delivery.leased_until > sa.func.now())
        .correlate(Endpoint)
        .scalar_subquery()
    )
    most = sa.case((Endpoint.failing_since.is_(None), IN_FLIGHT), else_=IN_FLIGHT_WHILE_FAILING)
    return most - under_way


def locked_if_due(tx: Transaction, delivery_id: str) -> Delivery | None:
    """The delivery, locked, if it is due and nobody else has locked it."""
    return tx.session.scalar(
        sa.select(Delivery)
        .where(
            Delivery.tenant_id == tx.tenant_id,
            Delivery.id == delivery_id,
            Delivery.due_at <= sa.func.now(),
        )
        .with_for_update(key_share=True, skip_locked=True)
    )


def locked(tx: Transaction, delivery_id: str) -> Delivery | None:
    """The delivery, locked until the transaction ends."""
    return tx.session.scalar(
        sa.select(Delivery)
        .where(Delivery.tenant_id == tx.tenant_id, Delivery.id == delivery_id)
        .with_for_update(key_share=True)
    )


def first_owed(tx: Transaction, endpoint_id: str) -> str | None:
    """The id of the delivery that the endpoint has waited for longest."""
    return tx.session.scalar(
        sa.select(Delivery.id)
        .where(
            Delivery.tenant_id == tx.tenant_id,
            Delivery.endpoint_id == endpoint_id,
            Delivery.due_at <= sa.func.now(),
        )
        .order_by(Delivery.due_at)
        .limit(1)
    )


def due(tx: Transaction, *, limit: int) -> list[tuple[str, str]]:
    """(delivery id, tenant id) of rows that are owed, of every tenant.

    An endpoint gets no more than it has room for, its oldest first; endpoints take turns, those
    that fail after the others. So none delays another, however much it is owed.
    """
    rows = tx.session.execute(DUE_DELIVERIES.rows(), {"most": limit})
    return [(row.id, row.tenant_id) for row in rows]


def event(tx: Transaction, event_id: str, *, livemode: bool) -> Event | None:
    """One event of the tenant in this mode."""
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
