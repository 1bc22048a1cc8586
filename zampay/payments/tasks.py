"""What workers do for payments. Every task may run twice, late, or never: the rows decide."""

from datetime import UTC, timedelta
from typing import Any

import structlog
from celery import Task, shared_task
from flask import current_app

from zampay.infra import redis_client
from zampay.infra.db import NO_TENANT, transaction
from zampay.payments import enquiry, history, queries, states, submission
from zampay.payments.states import Door
from zampay.tenants import audit_chain

log = structlog.get_logger()
BATCH = 200
HEADS_APART_S = 86_400
LONGEST_COUNTDOWN = timedelta(seconds=30)
DOORS = {Door.SUBMIT: "payments.submit", Door.ENQUIRE: "payments.enquire"}


@shared_task(bind=True, name="payments.submit", max_retries=5)
def submit(self: Task, *, payment_id: str, tenant_id: str, **_: Any) -> None:
    """Send one payment to its network. What is safe to repeat is repeated by Celery within
    seconds; anything longer is left to the row's `due_at`.
    """
    delay = submission.submit(tenant_id=tenant_id, payment_id=payment_id)
    if delay is not None and delay <= LONGEST_COUNTDOWN and self.request.retries < self.max_retries:
        raise self.retry(countdown=delay.total_seconds())


@shared_task(name="payments.enquire")
def enquire(*, payment_id: str, tenant_id: str, **_: Any) -> None:
    """Ask the network what became of one payment."""
    enquiry.enquire(tenant_id=tenant_id, payment_id=payment_id)


@shared_task(name="payments.sweep")
def sweep(**_: Any) -> None:
    """Ring for rows that are due, so that nothing depends on a bell having been heard.

    No more rings are sent than the queue can hold: rows stay due until somebody takes them.
    """
    room = BATCH - current_app.extensions["bell"].waiting("payments")
    if room <= 0:
        return
    with transaction(NO_TENANT) as tx:
        for payment_id, tenant_id, state in queries.due(tx, limit=room):
            door = states.PHASES[state].door or Door.ENQUIRE
            tx.ring(DOORS[door], payment_id=payment_id, tenant_id=tenant_id)


@shared_task(name="payments.log_heads")
def log_heads(**_: Any) -> None:
    """Log, once a day, where each chain of hashes ends, so that whoever keeps the logs notices when
    a chain was written anew as a whole. The history is that of yesterday (UTC), which is over.
    """
    with transaction(NO_TENANT) as tx:
        today = tx.now.astimezone(UTC).date()
        if not redis_client.claim(f"heads:{today}", ttl_s=HEADS_APART_S):
            return
        day = today - timedelta(days=1)
        past = tx.session.execute(history.HISTORY_OF_DAY.rows(), {"day": day}).one()
        heads = tx.session.execute(audit_chain.AUDIT_HEADS.rows()).all()
    log.info("history_head", day=str(day), moves=past.moves, hash=past.hash)
    for head in heads:
        log.info("audit_head", tenant_id=head.tenant_id, line=head.line, hash=head.hash)
