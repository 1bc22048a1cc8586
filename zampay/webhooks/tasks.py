"""What workers do for webhooks. Every task may run twice, late or never: the rows decide."""

from typing import Any

from celery import shared_task
from flask import current_app

from zampay.infra.database.db import NO_TENANT, transaction
from zampay.webhooks import queries
from zampay.webhooks.delivery import attempt

BATCH = 200
PURGE_BATCH, MOST_ROUNDS = 5000, 100


@shared_task(name=attempt.TASK)
def deliver(*, delivery_id: str, tenant_id: str, **_: Any) -> None:
    """Start one attempt at one delivery, if it is due and there is a slot."""
    attempt.start(tenant_id=tenant_id, delivery_id=delivery_id)


@shared_task(name="webhooks.sweep")
def sweep(**_: Any) -> None:
    """Enqueue deliveries that are due, so that nothing depends on a message having arrived."""
    room = BATCH - current_app.extensions["task_queue"].waiting("webhooks")
    if room <= 0:
        return
    with transaction(NO_TENANT) as tx:
        for delivery_id, tenant_id in queries.due(tx, limit=room):
            tx.enqueue("webhooks.deliver", delivery_id=delivery_id, tenant_id=tenant_id)


@shared_task(name="webhooks.purge")
def purge(**_: Any) -> None:
    """Delete deliveries that are over and whose last attempt is more than 30 days old."""
    for _round in range(MOST_ROUNDS):
        with transaction(NO_TENANT) as tx:
            if queries.forget_old(tx, limit=PURGE_BATCH) < PURGE_BATCH:
                return
