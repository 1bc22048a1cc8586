"""Deliver events, at least once: claim, POST with no connection held, record.

If we die between the merchant's 200 and our record, the lease ends and the same event goes out
again under the same `webhook-id`. A slow or dead endpoint delays nobody else: few deliveries to
one endpoint are under way at once, a single one while it fails, and they wait in lanes of their
own, of which suspects get half.
"""

from contextlib import ExitStack
from functools import partial

from flask import current_app

from zampay.infra.db import transaction
from zampay.webhooks.delivery import lease, outcome, sending
from zampay.webhooks.delivery.concurrency import Lanes
from zampay.webhooks.delivery.lease import Claim


def start(*, tenant_id: str, delivery_id: str) -> None:
    """Begin one attempt, if the delivery is due and there is room; does not wait for its end."""
    lanes: Lanes = current_app.extensions["webhook_lanes"]
    if lanes.are_full:
        return
    with ExitStack() as held:
        claimed = lease.claim(
            tenant_id=tenant_id,
            delivery_id=delivery_id,
            enter=lambda suspect: lanes.enter(held, tenant_id=tenant_id, suspect=suspect),
        )
        if claimed is not None:
            lanes.run(partial(attempt, claimed), held.pop_all())


def attempt(claimed: Claim) -> None:
    """Make the attempt and record what came of it."""
    answer = sending.send(claimed.message, at=claimed.at)
    with transaction(claimed.tenant_id) as tx:
        outcome.record(tx, claimed, answer)
