"""The event feed over REST: what merchants read when they missed something."""

from typing import Any

from zampay.infra.database.db import Transaction, transaction
from zampay.infra.web.api import blueprint, no_members
from zampay.kernel import ids
from zampay.kernel.errors import ZamPayError
from zampay.tenants.auth import Caller, requires
from zampay.tenants.scopes import Scope
from zampay.webhooks import events, examples, queries, schemas
from zampay.webhooks.models import Event

feed = blueprint("events", "What happened, in order and without gaps.")


class EventNotFound(ZamPayError):
    """No such event of this tenant in this mode."""

    code = "event_not_found"
    status = 404
    title = "There is no such event"
    advice = "check the `evt_…` id, and whether the key is test or live"


@feed.route("/events", methods=["GET"])
@feed.doc(operationId="listEvents")
@requires(Scope.WEBHOOKS_READ)
@feed.arguments(schemas.FeedQuery, location="query")
@feed.response(200, schemas.Feed)
def index(query: dict[str, int], *, caller: Caller) -> Any:
    """Read the event feed.

    The events that follow number `after`, in order: what a receiver that was away has missed.
    """
    limit = query["limit"]
    with transaction(caller.tenant_id) as tx:
        found = queries.events_after(tx, query["after"], livemode=caller.livemode, limit=limit + 1)
    return {"data": found[:limit], "has_more": len(found) > limit}


@feed.route("/events/<event_id>", methods=["GET"])
@feed.doc(operationId="getEvent")
@requires(Scope.WEBHOOKS_READ)
@feed.response(200, schemas.EventView)
def show(*, event_id: str, caller: Caller) -> Any:
    """Read one event.

    Exactly as its webhook carried it.
    """
    with transaction(caller.tenant_id) as tx:
        return _event(tx, event_id, caller)


@feed.route("/events/<event_id>/resend", methods=["POST"])
@feed.doc(operationId="resendEvent")
@requires(Scope.WEBHOOKS_WRITE)
@no_members(feed)
@feed.response(202, schemas.Resent, example=examples.RESENT)
def resend(*, event_id: str, caller: Caller) -> Any:
    """Send one event again.

    To every endpoint that listens to its type, under the same `webhook-id`.
    """
    with transaction(caller.tenant_id) as tx:
        event = _event(tx, event_id, caller)
        listening = queries.listening(tx, livemode=caller.livemode, event_type=event.type)
        if listening:
            events.owe(tx, event_ids=[event.id], endpoint_ids=listening)
    return {"endpoints": len(listening)}


def _event(tx: Transaction, event_id: str, caller: Caller) -> Event:
    found = None
    if ids.is_id("evt", event_id):
        found = queries.event(tx, event_id, livemode=caller.livemode)
    if found is None:
        raise EventNotFound
    return found
