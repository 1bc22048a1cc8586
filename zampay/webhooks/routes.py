"""Webhook endpoints and their delivery log over REST."""

from datetime import datetime
from typing import Any

from flask import url_for

from zampay.infra.database.db import transaction
from zampay.infra.web import openapi
from zampay.infra.web.api import blueprint, no_members
from zampay.tenants.auth import Caller, requires
from zampay.tenants.schemas import Rotation
from zampay.tenants.scopes import Scope
from zampay.webhooks import endpoints, examples, queries, schemas, test_event
from zampay.webhooks.models import Delivery, Endpoint, Event

webhook_endpoints = blueprint("webhook-endpoints", "Where events are sent, and how that went.")


@webhook_endpoints.route("/webhook-endpoints", methods=["POST"])
@webhook_endpoints.doc(operationId="createWebhookEndpoint")
@requires(Scope.WEBHOOKS_WRITE)
@webhook_endpoints.arguments(schemas.EndpointRequest)
@webhook_endpoints.response(
    201,
    schemas.EndpointWithSecret,
    example=examples.ENDPOINT_WITH_SECRET,
    headers=openapi.headers("Location"),
)
def create(body: dict[str, Any], *, caller: Caller) -> Any:
    """Make a webhook endpoint.

    The answer holds its signing secret, which is shown this once.
    """
    endpoint, secret = endpoints.create(caller=caller, new=endpoints.NewEndpoint(**body))
    location = url_for("webhook-endpoints.show", endpoint_id=endpoint.id)
    return _with_secret(endpoint, secret), 201, {"Location": location}


@webhook_endpoints.route("/webhook-endpoints", methods=["GET"])
@webhook_endpoints.doc(operationId="listWebhookEndpoints")
@requires(Scope.WEBHOOKS_READ)
@webhook_endpoints.response(200, schemas.Endpoints, example=examples.ENDPOINTS)
def index(*, caller: Caller) -> Any:
    """List webhook endpoints.

    All of them of the mode of the key, test or live, oldest first.
    """
    with transaction(caller.tenant_id) as tx:
        return {"data": queries.endpoints(tx, livemode=caller.livemode)}


@webhook_endpoints.route("/webhook-endpoints/<endpoint_id>", methods=["GET"])
@webhook_endpoints.doc(operationId="getWebhookEndpoint")
@requires(Scope.WEBHOOKS_READ)
@webhook_endpoints.response(200, schemas.EndpointView, example=examples.ENDPOINT)
def show(*, endpoint_id: str, caller: Caller) -> Any:
    """Read one webhook endpoint.

    Without its secret.
    """
    with transaction(caller.tenant_id) as tx:
        return endpoints.own(tx, caller, endpoint_id)


@webhook_endpoints.route("/webhook-endpoints/<endpoint_id>", methods=["PATCH"])
@webhook_endpoints.doc(operationId="updateWebhookEndpoint")
@requires(Scope.WEBHOOKS_WRITE)
@webhook_endpoints.arguments(schemas.EndpointChange)
@webhook_endpoints.response(200, schemas.EndpointView, example=examples.ENDPOINT)
def change(changes: dict[str, Any], *, endpoint_id: str, caller: Caller) -> Any:
    """Change a webhook endpoint.

    Changes the members that are named. `"enabled": true` also forgets past failures;
    `"enabled": false` cancels what it is still owed.
    """
    return endpoints.change(caller=caller, endpoint_id=endpoint_id, changes=changes)


@webhook_endpoints.route("/webhook-endpoints/<endpoint_id>", methods=["DELETE"])
@webhook_endpoints.doc(operationId="deleteWebhookEndpoint")
@requires(Scope.WEBHOOKS_WRITE)
@webhook_endpoints.response(204, description="Removed")
def delete(*, endpoint_id: str, caller: Caller) -> None:
    """Remove a webhook endpoint.

    What it is still owed is cancelled.
    """
    endpoints.delete(caller=caller, endpoint_id=endpoint_id)


@webhook_endpoints.route("/webhook-endpoints/<endpoint_id>/rotate-secret", methods=["POST"])
@webhook_endpoints.doc(operationId="rotateWebhookSecret")
@requires(Scope.WEBHOOKS_WRITE)
@webhook_endpoints.arguments(Rotation, required=False)
@webhook_endpoints.response(201, schemas.EndpointWithSecret, example=examples.ENDPOINT_WITH_SECRET)
def rotate_secret(rotation: dict[str, Any], *, endpoint_id: str, caller: Caller) -> Any:
    """Rotate the signing secret.

    Makes a new secret, which is shown this once. During the overlap both sign.
    """
    return _with_secret(
        *endpoints.rotate_secret(caller=caller, endpoint_id=endpoint_id, **rotation)
    )


@webhook_endpoints.route("/webhook-endpoints/<endpoint_id>/test", methods=["POST"])
@webhook_endpoints.doc(operationId="testWebhookEndpoint")
@requires(Scope.WEBHOOKS_WRITE)
@no_members(webhook_endpoints)
@webhook_endpoints.response(200, schemas.TestAnswer, example=examples.TEST_ANSWER)
def test(*, endpoint_id: str, caller: Caller) -> Any:
    """Send a test event.

    Sends `webhook_endpoint.test` now, once, and shows what the endpoint answered.
    """
    return test_event.send(caller=caller, endpoint_id=endpoint_id)


@webhook_endpoints.route("/webhook-endpoints/<endpoint_id>/replay", methods=["POST"])
@webhook_endpoints.doc(operationId="replayEvents")
@requires(Scope.WEBHOOKS_WRITE)
@webhook_endpoints.arguments(schemas.Replay)
@webhook_endpoints.response(202, schemas.Replayed, example=examples.REPLAYED)
def replay(body: dict[str, datetime], *, endpoint_id: str, caller: Caller) -> Any:
    """Send again what was missed.

    Everything since then that failed or was cancelled, at most 30 days back. While `hasMore` is
    true, ask again.
    """
    count, more = endpoints.replay(caller=caller, endpoint_id=endpoint_id, **body)
    return {"events": count, "has_more": more}


@webhook_endpoints.route("/webhook-endpoints/<endpoint_id>/deliveries", methods=["GET"])
@webhook_endpoints.doc(operationId="listDeliveries")
@requires(Scope.WEBHOOKS_READ)
@webhook_endpoints.arguments(schemas.DeliveryQuery, location="query")
@webhook_endpoints.response(200, schemas.DeliveryPage, example=examples.DELIVERIES)
def deliveries(query: dict[str, Any], *, endpoint_id: str, caller: Caller) -> Any:
    """Read the delivery log.

    What was sent to this endpoint in the last 30 days and how that went, newest first.
    """
    after, limit = query["after"], query["limit"]
    before = (datetime.fromisoformat(after[0]), after[1]) if after else None
    with transaction(caller.tenant_id) as tx:
        endpoint = endpoints.own(tx, caller, endpoint_id)
        found = queries.deliveries(
            tx, endpoint.id, status=query["status"], before=before, limit=limit + 1
        )
    more = len(found) > limit
    end = found[limit - 1][0] if more else None
    return {
        "data": [_line(*row) for row in found[:limit]],
        "has_more": more,
        "next_cursor": [end.created_at.isoformat(), end.id] if end else None,
    }


def _line(delivery: Delivery, event: Event) -> dict[str, Any]:
    shown = {column.key: getattr(delivery, column.key) for column in Delivery.__table__.columns}
    return {**shown, "event_type": event.type, "sequence": event.sequence}


def _with_secret(endpoint: Endpoint, secret: str) -> dict[str, Any]:
    shown = {name: getattr(endpoint, name) for name in schemas.EndpointView().fields}
    return {**shown, "secret": secret}
