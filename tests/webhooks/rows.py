"""Rows of endpoints and deliveries as they are stored."""

import sqlalchemy as sa
from flask import Flask

from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.webhooks.delivery import queries
from zampay.webhooks.models import Delivery, Endpoint, Event


def deliveries(app: Flask) -> list[Delivery]:
    """All rows, oldest event first."""
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        query = sa.select(Delivery).join(Event, Event.id == Delivery.event_id)
        return list(tx.session.scalars(query.order_by(Event.sequence, Delivery.endpoint_id)))


def only_delivery(app: Flask) -> Delivery:
    (found,) = deliveries(app)
    return found


def stored_endpoint(app: Flask, endpoint_id: str) -> Endpoint:
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        return tx.session.scalars(sa.select(Endpoint).where(Endpoint.id == endpoint_id)).one()


def due(app: Flask, *, limit: int = 200) -> list[tuple[str, str]]:
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        return queries.due(tx, limit=limit)
