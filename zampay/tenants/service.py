"""What is done with tenants and keys; each deed leaves an audit entry in its own transaction."""

from datetime import datetime, timedelta

from zampay.infra.db import EVERY_TENANT, Transaction, transaction
from zampay.kernel import ids
from zampay.kernel.clock import rfc3339
from zampay.kernel.errors import InvalidField, ZamPayError
from zampay.tenants import audit, auth, queries
from zampay.tenants.auth import Caller
from zampay.tenants.models import ApiKey, Tenant
from zampay.tenants.scopes import ALL

DEFAULT_OVERLAP = timedelta(hours=24)
CONSOLE = "console"
LOCKED = {"key_share": True}
"""Rows that only name the tenant can be written meanwhile."""


class RegistrationClosed(ZamPayError):
    """The operator admits tenants by hand."""

    code = "registration_closed"
    status = 403
    title = "Registration is closed on this gateway"


class TenantNotActivated(ZamPayError):
    """Live keys exist only for a tenant that the operator has activated."""

    code = "tenant_not_activated"
    status = 403
    title = "This account is not activated for live payments"


class KeyNotFound(ZamPayError):
    """No such key among the tenant's."""

    code = "key_not_found"
    status = 404
    title = "There is no such API key"


class KeyNotUsable(ZamPayError):
    """A revoked or expired key cannot be rotated."""

    code = "key_not_usable"
    status = 409
    title = "This API key is revoked or expired"


class KeyAlreadyRotated(ZamPayError):
    """A key has one successor: another would end when the first overlap does."""

    code = "key_already_rotated"
    status = 409
    title = "This API key has a successor already"


class LiveKeyNeeded(ZamPayError):
    """A test key makes the first live key; over live keys that are there it has no power."""

    code = "live_key_needed"
    status = 403
    title = "That takes a live key"


class ScopeNotYours(ZamPayError):
    """A key cannot give away more than it has itself."""

    code = "scope_not_yours"
    status = 403
    title = "A key can only make keys with scopes that it has itself"


def register(
    *, business_name: str, email: str, activate: bool, address: str | None
) -> tuple[Tenant, ApiKey, str]:
    """A new tenant with its first test key; the key's text is in the answer and nowhere else."""
    tenant_id = ids.new("ten")
    with transaction(tenant_id) as tx:
        tenant = Tenant(
            id=tenant_id,
            business_name=business_name,
            email=email,
            activated_at=tx.now if activate else None,
        )
        tx.session.add(tenant)
        tx.session.flush()
        key, secret = _issue(tx, livemode=False, name="First test key", scopes=ALL)
        audit.record(
            tx, action="tenant.registered", actor=key.id, address=address, activated=activate
        )
    return tenant, key, secret


def create_key(
    *, caller: Caller, livemode: bool, name: str, scopes: list[str], expires_at: datetime | None
) -> tuple[ApiKey, str]:
    """A further key of the caller's tenant.

    Raises:
        TenantNotActivated: a live key for a tenant that is not activated.
        LiveKeyNeeded: a live key asked for with a test key, while a live one can be used.
        ScopeNotYours: a scope that the caller's own key lacks.
        InvalidField: it would have ended before it began.
    """
    if not caller.scopes.issuperset(scopes):
        raise ScopeNotYours
    with transaction(caller.tenant_id) as tx:
        if livemode:
            _admit_to_live(tx, caller)
        if expires_at is not None and expires_at <= tx.now:
            raise InvalidField({"expiresAt": "must be in the future"})
        key, secret = _issue(tx, livemode=livemode, name=name, scopes=scopes, expires_at=expires_at)
        end = rfc3339(expires_at) if expires_at else None
        details = {"livemode": livemode, "scopes": key.scopes, "expiresAt": end}
        _record(tx, caller, "key.created", key, **details)
    return key, secret


def find_key(*, caller: Caller, key_id: str) -> ApiKey:
    """One key of the caller's tenant.

    Raises:
        KeyNotFound.
    """
    with transaction(caller.tenant_id) as tx:
        return _own_key(tx, key_id)


def rotate_key(*, caller: Caller, key_id: str, overlap: timedelta) -> tuple[ApiKey, str]:
    """A new key like the old one, which stays valid for the overlap.

    Raises:
        KeyNotFound, KeyNotUsable, KeyAlreadyRotated, LiveKeyNeeded, ScopeNotYours.
    """
    with transaction(caller.tenant_id) as tx:
        old = _own_key(tx, key_id)
        _require_power_over(old, caller)
        if not queries.is_usable(old, tx.now):
            raise KeyNotUsable
        successor = queries.successor(tx, key_id)
        if successor is not None:
            raise KeyAlreadyRotated(f"Use {successor}; if its text is lost, rotate that one.")
        if not caller.scopes.issuperset(old.scopes):
            raise ScopeNotYours
        new, secret = _issue(
            tx,
            livemode=old.livemode,
            name=old.name,
            scopes=old.scopes,
            expires_at=old.expires_at,
        )
        end = tx.now + overlap
        old.expires_at = end if old.expires_at is None else min(end, old.expires_at)
        _record(tx, caller, "key.rotated", old, successor=new.id, overlap_s=overlap.total_seconds())
    return new, secret


def revoke_key(*, caller: Caller, key_id: str) -> None:
    """Refuse the key from now on; doing it twice is the same as once.

    Raises:
        KeyNotFound, LiveKeyNeeded.
    """
    with transaction(caller.tenant_id) as tx:
        key = _own_key(tx, key_id)
        _require_power_over(key, caller)
        if key.revoked_at is None:
            key.revoked_at = tx.now
            _record(tx, caller, "key.revoked", key)


def key_of_any_tenant(key_id: str) -> ApiKey | None:
    """A key of whichever tenant, for the operator."""
    with transaction(EVERY_TENANT) as tx:
        return tx.session.get(ApiKey, key_id)


def revoke_for_operator(*, tenant_id: str, key_id: str, operator: str, reason: str) -> bool:
    """Refuse a tenant's key from now on; false when it was so already or he has no such key."""
    with transaction(tenant_id) as tx:
        key = queries.key(tx, key_id)
        if key is None or key.revoked_at is not None:
            return False
        key.revoked_at = tx.now
        _record_deed(tx, "key.revoked", operator, subject=key_id, reason=reason)
    return True


def activate(*, tenant_id: str, operator: str) -> bool:
    """Let the tenant have live keys; false when it was so already or there is no such tenant."""
    with transaction(tenant_id) as tx:
        tenant = tx.session.get(Tenant, tenant_id, with_for_update=LOCKED)
        if tenant is None or tenant.activated_at is not None:
            return False
        tenant.activated_at = tx.now
        _record_deed(tx, "tenant.activated", operator)
    return True


def suspend(*, tenant_id: str, operator: str, reason: str) -> bool:
    """Refuse all of the tenant's keys from now on; what is under way goes on. False when it was so
    already or there is no such tenant.
    """
    with transaction(tenant_id) as tx:
        tenant = tx.session.get(Tenant, tenant_id, with_for_update=LOCKED)
        if tenant is None or tenant.suspended_at is not None:
            return False
        tenant.suspended_at = tx.now
        _record_deed(tx, "tenant.suspended", operator, reason=reason)
    return True


def resume(*, tenant_id: str, operator: str, reason: str) -> bool:
    """Take a suspended tenant's keys again; false when it is not suspended."""
    with transaction(tenant_id) as tx:
        tenant = tx.session.get(Tenant, tenant_id, with_for_update=LOCKED)
        if tenant is None or tenant.suspended_at is None:
            return False
        tenant.suspended_at = None
        _record_deed(tx, "tenant.resumed", operator, reason=reason)
    return True


def all_tenants() -> list[Tenant]:
    """Every tenant, oldest first, for the operator."""
    with transaction(EVERY_TENANT) as tx:
        return queries.tenants(tx)


def _record_deed(
    tx: Transaction, action: str, operator: str, *, subject: str | None = None, **details: str
) -> None:
    actor = f"operator:{operator}"
    audit.record(tx, action=action, actor=actor, address=CONSOLE, subject=subject, **details)


def _admit_to_live(tx: Transaction, caller: Caller) -> None:
    """Let the caller make a live key; the tenant stays locked, so that of two requests with a test
    key at once only one makes the first.
    """
    if queries.locked_tenant(tx).activated_at is None:
        raise TenantNotActivated("Ask the operator of this gateway to activate it.")
    if not caller.livemode and any(
        key.livemode and queries.is_usable(key, tx.now) for key in queries.keys(tx)
    ):
        raise LiveKeyNeeded(
            "This account has a live key: make further ones with that. If it is lost, ask the "
            "operator of this gateway to revoke it; then a test key can make the next one."
        )


def _require_power_over(key: ApiKey, caller: Caller) -> None:
    """A test key may have leaked from any desk: it must not stop live payments either."""
    if key.livemode and not caller.livemode:
        raise LiveKeyNeeded(
            "Rotate or revoke a live key with a live key, or ask the operator of this gateway."
        )


def _issue(
    tx: Transaction,
    *,
    livemode: bool,
    name: str,
    scopes: list[str],
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    secret = auth.new_key(livemode=livemode)
    key = ApiKey(
        id=ids.new("key"),
        tenant_id=tx.tenant_id,
        livemode=livemode,
        name=name,
        hash=auth.hash_of(secret),
        hint=auth.hint_of(secret),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
        created_at=tx.now,
    )
    tx.session.add(key)
    return key, secret


def _own_key(tx: Transaction, key_id: str) -> ApiKey:
    key = queries.key(tx, key_id) if ids.is_id("key", key_id) else None
    if key is None:
        raise KeyNotFound
    return key


def _record(tx: Transaction, caller: Caller, action: str, key: ApiKey, **details: object) -> None:
    audit.record(
        tx, action=action, actor=caller.key_id, address=caller.address, subject=key.id, **details
    )
