"""What workers do for webhooks. Every task may run twice, late or never: the rows decide."""

from typing import Any

from celery import shared_task

from zampay.infra.database.db import NO_TENANT, transaction
from zampay.webhooks import queries
from zampay.webhooks.delivery import attempt
from zampay.webhooks.delivery import queries as delivery_queries

BATCH = 200
PURGE_BATCH, MOST_ROUNDS = 5000, 100


@shared_task(name=attempt.TASK)
def deliver(*, endpoint_id: str, tenant_id: str, **_: Any) -> None:
    """Start attempts at what the endpoint is owed, if it has room and there are slots."""
    attempt.wake(tenant_id=tenant_id, endpoint_id=endpoint_id)


@shared_task(name="webhooks.sweep")
def sweep(**_: Any) -> None:
    """Start what is due, so that nothing depends on a message having arrived."""
    with transaction(NO_TENANT) as tx:
        found = delivery_queries.due(tx, limit=BATCH)
    for endpoint_id, tenant_id in found:
        attempt.wake(tenant_id=tenant_id, endpoint_id=endpoint_id)


@shared_task(name="webhooks.purge")
def purge(**_: Any) -> None:
    """Delete deliveries that are over and whose last attempt is more than 30 days old."""
    for _round in range(MOST_ROUNDS):
        with transaction(NO_TENANT) as tx:
            if queries.forget_old(tx, limit=PURGE_BATCH) < PURGE_BATCH:
                return
