"""What workers do for webhooks. Every task may run twice, late, or never: the rows decide."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from celery import shared_task
from flask import current_app

from zampay.infra.db import EVERY_TENANT, transaction
from zampay.webhooks import delivery, queries
from zampay.webhooks.models import PENDING, Delivery

BATCH = 200
KEPT = timedelta(days=30)
PURGE_BATCH = 5000


@shared_task(name="webhooks.deliver")
def deliver(*, delivery_id: str, tenant_id: str, **_: Any) -> None:
    """Make one attempt at one delivery."""
    delivery.deliver(tenant_id=tenant_id, delivery_id=delivery_id)


@shared_task(name="webhooks.sweep")
def sweep(**_: Any) -> None:
    """Ring for deliveries that are due."""
    room = BATCH - current_app.extensions["bell"].waiting("webhooks")
    if room <= 0:
        return
    with transaction(EVERY_TENANT) as tx:
        for delivery_id, tenant_id in queries.due(tx, limit=room):
            tx.ring("webhooks.deliver", delivery_id=delivery_id, tenant_id=tenant_id)


@shared_task(name="webhooks.purge")
def purge(**_: Any) -> None:
    """Forget the answers and the log of deliveries that ended more than 30 days ago."""
    with transaction(EVERY_TENANT) as tx:
        old = (
            sa.select(Delivery.id)
            .where(Delivery.status != PENDING, Delivery.created_at < tx.now - KEPT)
            .limit(PURGE_BATCH)
        )
        tx.session.execute(sa.delete(Delivery).where(Delivery.id.in_(old)))
