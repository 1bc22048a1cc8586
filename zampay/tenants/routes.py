"""Register, API keys and the audit log over REST."""

from datetime import datetime
from typing import Any

from flask import current_app, request, url_for

from zampay.infra.database.db import transaction
from zampay.infra.web import openapi
from zampay.infra.web.api import blueprint
from zampay.kernel.errors import InvalidField
from zampay.tenants import examples, queries, schemas, service
from zampay.tenants.auth import Caller, requires
from zampay.tenants.models import ApiKey
from zampay.tenants.scopes import Scope

auth = blueprint("auth", "Register a merchant.")
keys = blueprint("api-keys", "API keys and the audit log.")
MADE = openapi.headers("Location")


@auth.route("/auth/register", methods=["POST"])
@auth.doc(operationId="register")
@auth.arguments(schemas.Registration)
@auth.response(201, schemas.Registered, example=examples.REGISTERED, headers=MADE)
def register(registration: dict[str, str]) -> Any:
    """Register a merchant.

    The answer holds the tenant id and a test key, which is shown this once. It needs no key.
    """
    if not current_app.config["REGISTRATION_OPEN"]:
        raise service.RegistrationClosed("Ask the operator of this gateway for an account.")
    tenant, key, secret = service.register(
        **registration,
        activate=current_app.config["REGISTRATION_ACTIVATES"],
        address=request.remote_addr,
    )
    registered = {
        "tenant_id": tenant.id,
        "business_name": tenant.business_name,
        "email": tenant.email,
        "live_activated": tenant.activated_at is not None,
        "api_key": secret,
    }
    return registered, 201, _location(key)


@keys.route("/api-keys", methods=["GET"])
@keys.doc(operationId="listApiKeys")
@requires(Scope.KEYS_READ)
@keys.arguments(schemas.KeyQuery, location="query")
@keys.response(200, schemas.KeyPage, example=examples.KEYS)
def list_keys(query: dict[str, Any], *, caller: Caller) -> Any:
    """List API keys.

    Newest first; also those that are revoked or have ended; never their secret text.
    """
    after, limit = query["after"], query["limit"]
    before = (datetime.fromisoformat(after[0]), after[1]) if after else None
    with transaction(caller.tenant_id) as tx:
        found = queries.keys(tx, before=before, limit=limit + 1)
    more = len(found) > limit
    end = found[limit - 1] if more else None
    return {
        "data": found[:limit],
        "has_more": more,
        "next_cursor": [end.created_at.isoformat(), end.id] if end else None,
    }


@keys.route("/api-keys", methods=["POST"])
@keys.doc(operationId="createApiKey")
@requires(Scope.KEYS_WRITE)
@keys.arguments(schemas.KeyRequest)
@keys.response(201, schemas.NewKey, example=examples.NEW_KEY, headers=MADE)
def create_key(wanted: dict[str, Any], *, caller: Caller) -> Any:
    """Make an API key.

    A live one needs an activated account, and all but the first ever a live key. The answer holds
    the key, which is shown this once.
    """
    return _shown_once(*service.create_key(caller=caller, **wanted))


@keys.route("/api-keys/<key_id>", methods=["GET"])
@keys.doc(operationId="getApiKey")
@requires(Scope.KEYS_READ)
@keys.response(200, schemas.Key, example=examples.KEY)
def show_key(*, key_id: str, caller: Caller) -> Any:
    """Read one API key.

    Its secret text is not kept and cannot be shown again.
    """
    return service.find_key(caller=caller, key_id=key_id)


@keys.route("/api-keys/<key_id>/rotate", methods=["POST"])
@keys.doc(operationId="rotateApiKey")
@requires(Scope.KEYS_WRITE)
@keys.arguments(schemas.Rotation, required=False)
@keys.response(201, schemas.NewKey, example=examples.NEW_KEY, headers=MADE)
def rotate_key(rotation: dict[str, Any], *, key_id: str, caller: Caller) -> Any:
    """Rotate an API key.

    Makes a successor; the old key stays valid for the overlap. It takes a key with every scope of
    the old one, and for a live key a live one.
    """
    return _shown_once(*service.rotate_key(caller=caller, key_id=key_id, **rotation))


@keys.route("/api-keys/<key_id>", methods=["DELETE"])
@keys.doc(operationId="revokeApiKey")
@requires(Scope.KEYS_WRITE)
@keys.response(204, description="Revoked")
def revoke_key(*, key_id: str, caller: Caller) -> None:
    """Revoke an API key.

    It is refused everywhere within a second. It takes a key with every scope of this one, and for a
    live key a live one.
    """
    service.revoke_key(caller=caller, key_id=key_id)


@keys.route("/audit-log", methods=["GET"])
@keys.doc(operationId="listAuditLog")
@requires(Scope.AUDIT_READ)
@keys.arguments(schemas.AuditQuery, location="query")
@keys.response(200, schemas.AuditPage, example=examples.AUDIT_PAGE)
def audit_log(query: dict[str, Any], *, caller: Caller) -> Any:
    """Read the audit log.

    What was done with this account, by whom and from where, newest first.
    """
    before = _entry_number(query["after"])
    with transaction(caller.tenant_id) as tx:
        found = queries.audit_entries(tx, before=before, limit=query["limit"] + 1)
    shown, more = found[: query["limit"]], len(found) > query["limit"]
    return {
        "data": shown,
        "has_more": more,
        "next_cursor": [str(shown[-1].id)] if more else None,
    }


def _entry_number(cursor: list[str] | None) -> int | None:
    if cursor is None:
        return None
    if not (cursor[0].isascii() and cursor[0].isdigit() and len(cursor[0]) < 19):  # noqa: PLR2004
        raise InvalidField({"after": "is not a cursor that we gave"})
    return int(cursor[0])


def _shown_once(key: ApiKey, secret: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    shown = {name: getattr(key, name) for name in schemas.Key().fields}
    return {**shown, "api_key": secret}, 201, _location(key)


def _location(key: ApiKey) -> dict[str, str]:
    return {"Location": url_for("api-keys.show_key", key_id=key.id)}
