"""API key → caller, or 401. Every guarded route wears `requires(scope)`.

Keys are looked up by their SHA-256, so that nothing is compared byte by byte. A key that may be
used is known for a second (see `known_keys.py`), so that a revoked one is refused within a second.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn, TypeVar

import sqlalchemy as sa
import structlog
from flask import g, request

from zampay.infra.database.db import transaction
from zampay.infra.redis import redis_client
from zampay.infra.telemetry import metrics
from zampay.infra.web import bearer, rate_limits
from zampay.kernel import clock, ids
from zampay.kernel.errors import ZamPayError
from zampay.tenants import audit, known_keys, queries
from zampay.tenants.known_keys import KnownKey
from zampay.tenants.models import ApiKey
from zampay.tenants.scopes import Scope

log = structlog.get_logger()
REFUSALS_APART_S = 60
LONGEST_SUBJECT = 200
HINT_LENGTH = 12
NOT_VALID = "The API key is unknown, revoked or expired."
NO_KEY = "Send `Authorization: Bearer <api key>`."
NO_SUCH_FORM = (
    "What stands after `Bearer` is no API key: those begin with `zp_test_` or `zp_live_`. Send the "
    "whole key as registration gave it: `Authorization: Bearer <api key>`."
)
TENANT_HEADER = "x-tenant-id"
_KEY = re.compile(r"zp_(?:test|live)_[0-9a-z]{48}")
View = TypeVar("View", bound=Callable[..., Any])


class NotAuthenticated(ZamPayError):
    """No key, or one that is unknown, revoked or past its end (all alike from outside)."""

    code = "not_authenticated"
    status = 401
    title = "A valid API key is needed"
    advice = "check the key; do not repeat"


class TenantHeaderMissing(ZamPayError):
    """The request does not say which tenant it is for."""

    code = "tenant_header_missing"
    status = 400
    title = "The header x-tenant-id is missing or not a tenant id"
    advice = "send `x-tenant-id`"


class NotYourTenant(ZamPayError):
    """The key belongs to another tenant than the header says."""

    code = "not_your_tenant"
    status = 403
    title = "This key belongs to another tenant"
    advice = "`x-tenant-id` must be that of the key"


class ScopeMissing(ZamPayError):
    """The key does not carry the scope that this route needs."""

    code = "scope_missing"
    status = 403
    title = "This key may not do that"
    advice = "use a key with the scope that `detail` names"


class TenantSuspended(ZamPayError):
    """The operator has suspended the tenant."""

    code = "tenant_suspended"
    status = 403
    title = "This account is suspended"
    advice = "ask the operator"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: the tenant, with which key, in which of the two modes, from where."""

    tenant_id: str
    key_id: str
    livemode: bool
    scopes: frozenset[str]
    address: str | None


def new_key(*, livemode: bool) -> str:
    """A fresh key: 240 random bits behind a prefix that leak scanners know."""
    return f"zp_{'live' if livemode else 'test'}_{ids.secret(48)}"


def hash_of(key: str) -> str:
    """SHA-256, hex. A slow hash would add nothing: the key is pure chance."""
    return hashlib.sha256(key.encode()).hexdigest()


def hint_of(key: str) -> str:
    """How a key begins: enough for its owner to know it by, too little for anybody else."""
    return key[:HINT_LENGTH]


def requires(scope: Scope) -> Callable[[View], View]:
    """Guard a route: authenticate, check the tenant header and the scope, pass the `Caller`."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            return view(*args, caller=authenticate(scope), **kwargs)

        guarded.required_scope = scope  # type: ignore[attr-defined]
        _document(guarded)
        return guarded  # type: ignore[return-value]

    return guard


def authenticate(scope: Scope) -> Caller:
    """The caller of the current request.

    Raises:
        NotAuthenticated, TenantHeaderMissing, NotYourTenant, TenantSuspended, ScopeMissing,
        TooManyRequests.
    """
    presented = bearer.token(request.headers.get("Authorization", ""))
    if presented is None or not _KEY.fullmatch(presented):
        _tell_of_stranger("no_key")
        raise NotAuthenticated(NO_KEY if presented is None else NO_SUCH_FORM)
    digest = hash_of(presented)
    key = known_keys.known(digest) or _looked_up(digest, hint=hint_of(presented))
    rate_limits.count(key_id=key.id, tenant_id=key.tenant_id)
    _check(key, scope)
    caller = Caller(key.tenant_id, key.id, key.livemode, key.scopes, request.remote_addr)
    g.caller = caller
    structlog.contextvars.bind_contextvars(tenant_id=key.tenant_id, key_id=key.id)
    return caller


def _looked_up(digest: str, *, hint: str) -> KnownKey:
    """The key with this hash, which may be used.

    Raises:
        NotAuthenticated: it is unknown, revoked or past its end.
    """
    asked_s = clock.monotonic_s()
    with transaction(queries.tenant_of_key(digest)) as tx:
        found = queries.key_by_hash(tx, digest)
    if found is None:
        _tell_of_stranger("unknown_key", hint=hint)
        raise NotAuthenticated(NOT_VALID)
    row, tenant = found
    key = KnownKey.of(row, tenant)
    if not queries.is_usable(row, tx.now):
        _refuse(key, NotAuthenticated(NOT_VALID), reason="key_not_usable")
    if queries.is_long_unused(row, tx.now):
        _mark_used(row)
    known_keys.keep(digest, key, asked_s=asked_s, now=tx.now)
    return key


def _mark_used(key: ApiKey) -> None:
    """Write down its last use; that this cannot be written is no reason to refuse the request."""
    try:
        with transaction(key.tenant_id) as tx:
            queries.mark_used(tx, key)
    except sa.exc.SQLAlchemyError as error:
        log.warning("last_use_not_kept", reason=type(error).__name__)


def _tell_of_stranger(reason: str, **details: str) -> None:
    """Count and log who is refused without a key that we know; no tenant's audit log hears of it,
    whatever tenant the request names, or strangers could fill it. One line a minute for each
    address (of IPv6 each /64) and reason.
    """
    metrics.AUTHENTICATION_REFUSED.labels(reason).inc()
    kind = f"refused:{rate_limits.address()}:{reason}"
    if redis_client.lock_or_remember(kind, ttl_s=REFUSALS_APART_S):
        log.warning("authentication_refused", reason=reason, address=request.remote_addr, **details)


def _check(key: KnownKey, scope: Scope) -> None:
    named = request.headers.get(TENANT_HEADER, "")
    if not ids.is_id("ten", named):
        raise TenantHeaderMissing("Send `x-tenant-id: ten_…`, the id that registration gave.")
    if named != key.tenant_id:
        advice = "Send the id of the tenant that this key was made for."
        _refuse(key, NotYourTenant(advice), named=named)
    if key.is_suspended:
        _refuse(key, TenantSuspended("Ask the operator of this gateway why."))
    if scope not in key.scopes:
        _refuse(key, ScopeMissing(f"This key lacks the scope {scope}."), needed=str(scope))


def _refuse(key: KnownKey, error: ZamPayError, *, reason: str = "", **details: str) -> NoReturn:
    """Refuse a key whose tenant is known, with an entry in the tenant's audit log."""
    reason = reason or error.code
    metrics.AUTHENTICATION_REFUSED.labels(reason).inc()
    _note(key.tenant_id, key.id, reason, details)
    raise error


def note_refusal(*, reason: str, **details: str) -> None:
    """Count and note that the caller's key tried what it has no power to do."""
    caller: Caller = g.caller
    metrics.AUTHENTICATION_REFUSED.labels(reason).inc()
    _note(caller.tenant_id, caller.key_id, reason, details)


def _note(tenant_id: str, key_id: str, reason: str, details: dict[str, str]) -> None:
    """One entry a minute for each key and reason, whatever else the request names: whoever has a
    key must not fill the log with names that they think up.
    """
    if not redis_client.lock_or_remember(f"refused:{key_id}:{reason}", ttl_s=REFUSALS_APART_S):
        return
    try:
        with transaction(tenant_id) as tx:
            audit.record(
                tx,
                action="key.refused",
                actor=key_id,
                address=request.remote_addr,
                subject=request.path[:LONGEST_SUBJECT],
                reason=reason,
                **details,
            )
    except sa.exc.SQLAlchemyError as error:  # it stays refused, for the same reason
        log.warning("refusal_not_kept", key_id=key_id, why=reason, reason=type(error).__name__)


def _document(view: Any) -> None:
    """Leave word for the OpenAPI document (see `zampay.infra.web.api.GuardedBlueprint`)."""
    view.__dict__.setdefault("_apidoc", {})["guarded"] = True
