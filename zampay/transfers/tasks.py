"""What workers do for transfers. Every task may run twice, late, or never: the rows decide."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import structlog
from celery import shared_task

from zampay.infra.database.db import NO_TENANT, transaction
from zampay.infra.redis import redis_client
from zampay.tenants import audit_chain
from zampay.transfers import due, history
from zampay.transfers.dispatch import dispatcher
from zampay.transfers.due import Stream
from zampay.transfers.states import NextAction

log = structlog.get_logger()
HEADS_APART_S, HEADS_TAKE_S = 86_400, 600


@shared_task(name="transfers.submit", is_measured=False)
def submit(*, transfer_id: str, tenant_id: str, **said: Any) -> None:
    """Send one transfer to its network now, if there is room."""
    _offer(NextAction.SUBMIT, transfer_id, tenant_id, said)


@shared_task(name="transfers.poll", is_measured=False)
def poll(*, transfer_id: str, tenant_id: str, **said: Any) -> None:
    """Ask the network now what became of one transfer, if there is room."""
    _offer(NextAction.POLL, transfer_id, tenant_id, said)


@shared_task(name="transfers.sweep")
def sweep(**_: Any) -> None:
    """Begin what is due, so that nothing depends on a message having arrived."""
    dispatcher().sweep()


@shared_task(name="transfers.log_heads")
def log_heads(**_: Any) -> None:
    """Log, once a day, where each chain of hashes ends, so that whoever keeps the logs notices when
    a chain was written anew as a whole. The history is that of yesterday (UTC), which is over.
    Whoever dies before the last line leaves it to the next.
    """
    with transaction(NO_TENANT) as tx:
        today = tx.now.astimezone(UTC).date()
        if not redis_client.lock(f"heads:{today}", ttl_s=HEADS_TAKE_S):
            return
        day = today - timedelta(days=1)
        past = tx.session.execute(history.HISTORY_OF_DAY.rows(), {"day": day}).one()
        heads = tx.session.execute(audit_chain.AUDIT_HEADS.rows()).all()
    log.info("history_head", day=str(day), transitions=past.transitions, hash=past.hash)
    for head in heads:
        log.info("audit_head", tenant_id=head.tenant_id, line=head.line, hash=head.hash)
    redis_client.prolong(f"heads:{today}", ttl_s=HEADS_APART_S)


def _offer(action: NextAction, transfer_id: str, tenant_id: str, said: dict[str, Any]) -> None:
    """The message may say which stream the transfer is in; otherwise the row does."""
    provider, wallet_id, livemode = (said.get(one) for one in ("provider", "wallet_id", "livemode"))
    if isinstance(provider, str) and isinstance(wallet_id, str) and isinstance(livemode, bool):
        stream: Stream | None = Stream(action, provider, wallet_id, livemode)
    else:
        with transaction(tenant_id) as tx:
            found = due.stream_of(tx, transfer_id)
        stream = replace(found, action=action) if found else None
    if stream is not None:
        dispatcher().offer(stream, transfer_id=transfer_id, tenant_id=tenant_id)
