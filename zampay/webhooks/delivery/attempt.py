"""One attempt at one delivery: take a slot, lease, send with no connection held, record.

Events are delivered at least once. If this process dies between the merchant's 200 and our record
of it, the lease ends and the same event is sent again under the same `webhook-id`.
"""

from contextlib import suppress
from functools import partial

from zampay.infra.database.db import transaction
from zampay.infra.queue import task_runs
from zampay.webhooks.delivery import concurrency, lease, outcome, sending
from zampay.webhooks.delivery.concurrency import Slot
from zampay.webhooks.delivery.lease import Lease

TASK = "webhooks.deliver"


def start(*, tenant_id: str, delivery_id: str) -> None:
    """Start an attempt, if the delivery is due and there is a slot; does not wait for its end."""
    slots = concurrency.slots()
    if slots.are_full:
        return
    with Slot(slots, tenant_id) as slot:
        leased = lease.take(slot, delivery_id)
        if leased is not None:
            slot.run(partial(_send, leased))


def _send(leased: Lease) -> None:
    """Send, and record the answer. If that fails, the delivery is due when its lease ends."""
    with suppress(Exception), task_runs.told(TASK, {}, is_measured=False):
        answer = sending.send(leased.message, at=leased.at)
        with transaction(leased.tenant_id) as tx:
            outcome.record(tx, leased, answer)
