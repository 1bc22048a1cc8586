"""What merchants do with endpoints: create, change, rotate the secret, delete, replay."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from zampay.infra import encryption
from zampay.infra.database.db import Transaction, transaction
from zampay.kernel import ids, signing
from zampay.kernel.errors import ZamPayError
from zampay.tenants import audit
from zampay.tenants.auth import Caller
from zampay.webhooks import events, queries, secrets
from zampay.webhooks.models import Endpoint

MOST = events.MOST_ENDPOINTS
MOST_REPLAYED = 10_000


class EndpointNotFound(ZamPayError):
    """No such endpoint of this tenant in this mode."""

    code = "webhook_endpoint_not_found"
    status = 404
    title = "There is no such webhook endpoint"
    advice = "check the `whe_…` id, and whether the key is test or live"


class TooManyEndpoints(ZamPayError):
    """The tenant has as many endpoints as one may have."""

    code = "too_many_webhook_endpoints"
    status = 422
    title = f"At most {MOST} webhook endpoints in test, and {MOST} in live"
    advice = "remove one first: there may be 16 in test and 16 in live"


class EndpointDisabled(ZamPayError):
    """Nothing can be replayed to an endpoint that is switched off."""

    code = "webhook_endpoint_disabled"
    status = 409
    title = "The webhook endpoint is switched off; enable it first"
    advice = 'enable it first: `PATCH` with `{"enabled": true}`'


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An endpoint to be created."""

    url: str
    event_types: list[str]
    description: str
    headers: dict[str, str]
    enabled: bool


def create(*, caller: Caller, new: NewEndpoint) -> tuple[Endpoint, str]:
    """A new endpoint and its secret, which is shown this once.

    Raises:
        TooManyEndpoints.
    """
    secret = signing.new_secret()
    with transaction(caller.tenant_id) as tx:
        _lock_count(tx, caller)
        if len(queries.endpoints(tx, livemode=caller.livemode)) >= MOST:
            raise TooManyEndpoints
        endpoint = Endpoint(
            id=ids.new("whe"),
            tenant_id=caller.tenant_id,
            livemode=caller.livemode,
            encrypted_secret=encryption.encrypt(secret),
            created_at=tx.now,
            updated_at=tx.now,
            position=0,
            url=new.url,
            event_types=new.event_types,
            description=new.description,
            encrypted_headers=secrets.encrypted(new.headers),
            enabled=new.enabled,
        )
        tx.session.add(endpoint)
        _audit(tx, caller, "webhook_endpoint.created", endpoint)
    return endpoint, secret


def change(*, caller: Caller, endpoint_id: str, changes: dict[str, Any]) -> Endpoint:
    """Change the members that are named. Enabling, or another url, forgets past failures; disabling
    cancels what is owed (see `replay`). An endpoint that is disabled already keeps its reason.

    Raises:
        EndpointNotFound.
    """
    with transaction(caller.tenant_id) as tx:
        endpoint = own(tx, caller, endpoint_id)
        was_enabled = endpoint.enabled
        for name, value in changes.items():
            if name == "headers":
                endpoint.encrypted_headers = secrets.encrypted(value)
            else:
                setattr(endpoint, name, value)
        if "url" in changes or changes.get("enabled"):
            endpoint.failing_since = endpoint.latency_ms = None
        if changes.get("enabled"):
            endpoint.disabled_reason = None
        elif "enabled" in changes and was_enabled:
            endpoint.disabled_reason = "switched off by the merchant"
            events.cancel_owed(tx, endpoint)
        endpoint.updated_at = tx.now
        _audit(tx, caller, "webhook_endpoint.changed", endpoint, changed=sorted(changes))
    return endpoint


def rotate_secret(*, caller: Caller, endpoint_id: str, overlap: timedelta) -> tuple[Endpoint, str]:
    """A new secret; during the overlap both sign. Rotating again ends the older of two at once.

    Raises:
        EndpointNotFound.
    """
    secret = signing.new_secret()
    with transaction(caller.tenant_id) as tx:
        endpoint = own(tx, caller, endpoint_id)
        endpoint.encrypted_previous_secret = endpoint.encrypted_secret
        endpoint.previous_secret_ends_at = tx.now + overlap
        endpoint.encrypted_secret = encryption.encrypt(secret)
        endpoint.updated_at = tx.now
        _audit(
            tx,
            caller,
            "webhook_endpoint.secret_rotated",
            endpoint,
            overlap_s=overlap.total_seconds(),
        )
    return endpoint, secret


def delete(*, caller: Caller, endpoint_id: str) -> None:
    """Remove an endpoint; what it is still owed is cancelled.

    Raises:
        EndpointNotFound.
    """
    with transaction(caller.tenant_id) as tx:
        endpoint = own(tx, caller, endpoint_id)
        endpoint.deleted_at = tx.now
        endpoint.enabled = False
        events.cancel_owed(tx, endpoint)
        _audit(tx, caller, "webhook_endpoint.deleted", endpoint)


def replay(*, caller: Caller, endpoint_id: str, since: datetime) -> tuple[int, bool]:
    """Send the endpoint every event since then that it has not had, at most 30 days back (there the
    delivery log ends): how many these are, and whether to ask again for more.

    Raises:
        EndpointNotFound, EndpointDisabled.
    """
    with transaction(caller.tenant_id) as tx:
        endpoint = own(tx, caller, endpoint_id)
        if not endpoint.enabled:
            raise EndpointDisabled
        since = max(since, tx.now - queries.KEPT)
        count = events.owe_again(tx, endpoint, since)
        missed = queries.never_owed(tx, endpoint, since, limit=MOST_REPLAYED + 1)
        if missed:
            events.owe(tx, event_ids=missed[:MOST_REPLAYED], endpoint_ids=[endpoint.id])
        count += len(missed[:MOST_REPLAYED])
        _audit(tx, caller, "webhook_endpoint.replayed", endpoint, events=count)
    return count, len(missed) > MOST_REPLAYED


def own(tx: Transaction, caller: Caller, endpoint_id: str) -> Endpoint:
    """The caller's endpoint, locked.

    Raises:
        EndpointNotFound.
    """
    found = None
    if ids.is_id("whe", endpoint_id):
        found = queries.endpoint(tx, endpoint_id, livemode=caller.livemode, lock=True)
    if found is None:
        raise EndpointNotFound
    return found


def _lock_count(tx: Transaction, caller: Caller) -> None:
    """Two requests at once must not both create the sixteenth endpoint."""
    tx.session.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"endpoints:{caller.tenant_id}")))
    )


def _audit(
    tx: Transaction, caller: Caller, action: str, endpoint: Endpoint, **details: Any
) -> None:
    audit.record(
        tx,
        action=action,
        actor=caller.key_id,
        address=caller.address,
        subject=endpoint.id,
        **details,
    )
