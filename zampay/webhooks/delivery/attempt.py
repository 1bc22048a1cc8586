"""Serve an endpoint: record the answers of its attempts, lease what is due, send each on a thread
of its own with no connection held.

Events are delivered at least once. If this process dies between the merchant's 200 and our record
of it, the lease ends and the same event is sent again under the same `webhook-id`.
"""

from contextlib import suppress
from functools import partial

from zampay.infra.database.db import transaction
from zampay.infra.queue import task_runs
from zampay.kernel.threads import NoThread
from zampay.webhooks.delivery import concurrency, lease, outcome, queries, sending
from zampay.webhooks.delivery.concurrency import Held
from zampay.webhooks.delivery.lease import Lease
from zampay.webhooks.delivery.serving import Answered, serving

TASK = "webhooks.deliver"


def wake(*, tenant_id: str, endpoint_id: str) -> None:
    """Start attempts at what the endpoint is owed now, if it has room and there are slots; does not
    wait for their end. Without a slot, the end of some attempt starts them.
    """
    slots = concurrency.slots()
    if not slots.may_take(tenant_id):
        slots.wait(endpoint_id, tenant_id)
    elif serving().wake(endpoint_id) and not _serve_once(tenant_id, endpoint_id):
        _go_on(tenant_id, endpoint_id)


def take(*, tenant_id: str, endpoint_id: str, **_: object) -> bool:
    """As `wake`, on a thread of its own: whether this process does it."""
    slots = concurrency.slots()
    with suppress(NoThread):
        if slots.may_take(tenant_id):
            slots.run(partial(wake, tenant_id=tenant_id, endpoint_id=endpoint_id))
            return True
    return False


def _go_on(tenant_id: str, endpoint_id: str) -> None:
    """Go on serving on a thread of its own: who wakes an endpoint does not work off its backlog."""
    serve = partial(_serve, tenant_id, endpoint_id)
    try:
        concurrency.slots().run(serve)
    except NoThread:
        serve()


def _serve(tenant_id: str, endpoint_id: str) -> None:
    """Until nothing is left to be done now."""
    while not _serve_once(tenant_id, endpoint_id):
        pass


def _serve_once(tenant_id: str, endpoint_id: str) -> bool:
    """Whether nothing is left to be done now. What fails is told; it is due when its lease ends."""
    failed = True
    try:
        answered = serving().take_answered(endpoint_id)
        about = {"endpoint_id": endpoint_id}
        if answered:
            about["delivery_id"] = ", ".join(one.lease.delivery_id for one in answered)
        with suppress(Exception), task_runs.told(TASK, about, is_measured=False):
            _step(tenant_id, endpoint_id, answered)
            failed = False
    finally:
        is_done = serving().is_done(endpoint_id, failed=failed)
    return is_done


def _step(tenant_id: str, endpoint_id: str, answered: list[Answered]) -> None:
    """One transaction, and the attempts that it leased."""
    with Held(concurrency.slots(), tenant_id) as held:
        with transaction(tenant_id) as tx:
            if answered:
                found = outcome.record(tx, endpoint_id, answered)
            else:
                found = queries.lock_and_record(tx, endpoint_id)
            leased = lease.take(tx, held, found) if found else []
        has_room = found is None or len(leased) < found.room
        serving().note_room(endpoint_id, has_room=has_room)
        for one in leased:
            _start(held, endpoint_id, one)


def _start(held: Held, endpoint_id: str, leased: Lease) -> None:
    """Send it on a thread of its own.

    Raises:
        NoThread: it is due when its lease ends.
    """
    serving().begin_attempt(endpoint_id)
    ended = partial(_ended, held.tenant_id, endpoint_id)
    try:
        held.run(partial(_send, leased), ended)
    except NoThread:
        serving().end_attempt(endpoint_id, None)
        raise


def _send(leased: Lease) -> Answered | None:
    about = {"delivery_id": leased.delivery_id}
    with suppress(Exception), task_runs.told(TASK, about, is_measured=False):
        return Answered(leased, sending.send(leased.message, at=leased.at))
    return None


def _ended(tenant_id: str, endpoint_id: str, answered: Answered | None) -> None:
    """The slot goes to the endpoint that waits longest for one, if any, before this one goes on."""
    following = concurrency.slots().next_waiting()
    if following is not None:
        wake(tenant_id=following[1], endpoint_id=following[0])
    if serving().end_attempt(endpoint_id, answered):
        _serve(tenant_id, endpoint_id)
