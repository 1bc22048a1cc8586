"""What merchants do with their account and keys. Each act leaves an audit entry in its own
transaction, and so does each attempt of a key to go beyond its own power.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from zampay.infra.database.db import Transaction, transaction
from zampay.kernel import ids
from zampay.kernel.clock import rfc3339
from zampay.kernel.errors import InvalidField, ZamPayError
from zampay.tenants import audit, auth, keys, queries
from zampay.tenants.auth import Caller
from zampay.tenants.models import ApiKey, Tenant
from zampay.tenants.scopes import ALL


class RegistrationClosed(ZamPayError):
    """The operator admits tenants by hand."""

    code = "registration_closed"
    status = 403
    title = "Registration is closed on this gateway"
    advice = "ask the operator for an account"


class TenantNotActivated(ZamPayError):
    """Live keys exist only for a tenant that the operator has activated."""

    code = "tenant_not_activated"
    status = 403
    title = "This account is not activated for live payments"
    advice = "ask the operator to activate your account"


class KeyNotFound(ZamPayError):
    """No such key among the tenant's."""

    code = "key_not_found"
    status = 404
    title = "There is no such API key"
    advice = "check the `key_…` id"


class KeyNotUsable(ZamPayError):
    """A revoked or expired key cannot be rotated."""

    code = "key_not_usable"
    status = 409
    title = "This API key is revoked or expired"
    advice = "the key is revoked or expired; use another one"


class KeyAlreadyRotated(ZamPayError):
    """A key has one successor: another would end when the first overlap does."""

    code = "key_already_rotated"
    status = 409
    title = "This API key has a successor already"
    advice = "a key has one successor; `detail` names it"


class LiveKeyNeeded(ZamPayError):
    """A test key makes the first live key ever; over live keys that are there it has no power."""

    code = "live_key_needed"
    status = 403
    title = "That takes a live key"
    advice = "use a live key; `detail` says what to do when it is lost"


class ScopeNotYours(ZamPayError):
    """A key has no power over scopes that it lacks: it neither gives nor takes them."""

    code = "scope_not_yours"
    status = 403
    title = "A key only makes, rotates and revokes keys whose scopes it has itself"
    advice = "use a key that has these scopes"


def register(
    *, business_name: str, email: str, activate: bool, address: str | None
) -> tuple[Tenant, ApiKey, str]:
    """A new tenant with its first test key; the key's text is in the answer and nowhere else."""
    with transaction(ids.new("ten")) as tx:
        tenant, key, secret = add_tenant(
            tx, business_name=business_name, email=email, activate=activate
        )
        audit.record(
            tx, action="tenant.registered", actor=key.id, address=address, activated=activate
        )
    return tenant, key, secret


def add_tenant(
    tx: Transaction, *, business_name: str, email: str, activate: bool
) -> tuple[Tenant, ApiKey, str]:
    """The tenant whose transaction this is, with its first test key."""
    tenant = Tenant(
        id=tx.tenant_id,
        business_name=business_name,
        email=email,
        activated_at=tx.now if activate else None,
    )
    tx.session.add(tenant)
    tx.session.flush()
    return tenant, *keys.issue(tx, livemode=False, name="First test key", scopes=ALL)


def create_key(
    *, caller: Caller, livemode: bool, name: str, scopes: list[str], expires_at: datetime | None
) -> tuple[ApiKey, str]:
    """A further key of the caller's tenant.

    Raises:
        NotAuthenticated: the caller's key was revoked a moment ago.
        TenantNotActivated: a live key for a tenant that is not activated.
        LiveKeyNeeded: a live key asked for with a test key, and there has been a live one.
        ScopeNotYours: a scope that the caller's own key lacks.
        TooManyKeys, InvalidField: it would have ended before it began.
    """
    with _refusals_noted(), transaction(caller.tenant_id) as tx:
        tenant = _in_turn(tx, caller)
        _require_scopes(scopes, caller)
        if livemode:
            _admit_to_live(tx, tenant, caller)
        if expires_at is not None and expires_at <= tx.now:
            raise InvalidField({"expiresAt": "must be in the future"})
        key, secret = keys.issue(
            tx, livemode=livemode, name=name, scopes=scopes, expires_at=expires_at
        )
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
        NotAuthenticated, KeyNotFound, KeyNotUsable, KeyAlreadyRotated, LiveKeyNeeded,
        ScopeNotYours, TooManyKeys.
    """
    with _refusals_noted(key_id), transaction(caller.tenant_id) as tx:
        _in_turn(tx, caller)
        old = _own_key(tx, key_id)
        _require_power_over(old, caller)
        if not queries.is_usable(old, tx.now):
            raise KeyNotUsable
        successor = queries.successor(tx, key_id)
        if successor is not None:
            raise KeyAlreadyRotated(f"Use {successor}; if its text is lost, rotate that one.")
        end = tx.now + overlap
        ends_with_old = old.expires_at
        old.expires_at = end if old.expires_at is None else min(end, old.expires_at)
        tx.session.flush()
        new, secret = keys.issue(
            tx,
            livemode=old.livemode,
            name=old.name,
            scopes=old.scopes,
            expires_at=ends_with_old,
        )
        _record(tx, caller, "key.rotated", old, successor=new.id, overlap_s=overlap.total_seconds())
    return new, secret


def revoke_key(*, caller: Caller, key_id: str) -> None:
    """Refuse the key from now on; doing it twice is the same as once.

    Raises:
        NotAuthenticated, KeyNotFound, LiveKeyNeeded, ScopeNotYours.
    """
    with _refusals_noted(key_id), transaction(caller.tenant_id) as tx:
        known_successor = queries.successor(tx, _known_form(key_id))
        _in_turn(tx, caller)
        _require_power_over(_own_key(tx, key_id), caller)
        for key in keys.revoke(tx, key_id, known_successor=known_successor):
            _record(tx, caller, "key.revoked", key)


def _in_turn(tx: Transaction, caller: Caller) -> Tenant:
    """The caller's tenant, locked: of two acts with keys the second sees what the first did. A key
    that was revoked since the caller was let in does nothing more.

    Raises:
        NotAuthenticated.
    """
    tenant = queries.locked_tenant(tx)
    own = queries.key(tx, caller.key_id)
    if own is None or not queries.is_usable(own, tx.now):
        raise auth.NotAuthenticated(auth.NOT_VALID)
    return tenant


def _admit_to_live(tx: Transaction, tenant: Tenant, caller: Caller) -> None:
    """Let the caller make a live key. With a test key it is the first one ever: were it enough that
    none can be used now, a leaked test key would wait until the last one has ended.
    """
    if tenant.activated_at is None:
        raise TenantNotActivated("Ask the operator of this gateway to activate it.")
    if not caller.livemode and queries.has_had_live_key(tx):
        raise LiveKeyNeeded(
            "This account has had a live key: make further ones with that. If it is lost or has "
            "ended, ask the operator of this gateway for another."
        )


def _require_power_over(key: ApiKey, caller: Caller) -> None:
    """A test key may have leaked from any developer's machine: it must not stop live payments
    either. And a key must not end one that can do more.
    """
    if key.livemode and not caller.livemode:
        raise LiveKeyNeeded(
            "Rotate or revoke a live key with a live key, or ask the operator of this gateway."
        )
    _require_scopes(key.scopes, caller)


def _require_scopes(scopes: Iterable[str], caller: Caller) -> None:
    lacking = sorted(set(scopes) - caller.scopes)
    if lacking:
        raise ScopeNotYours(f"This key lacks: {', '.join(lacking)}.")


def _own_key(tx: Transaction, key_id: str) -> ApiKey:
    key = queries.key(tx, _known_form(key_id))
    if key is None:
        raise KeyNotFound
    return key


def _known_form(key_id: str) -> str:
    if not ids.is_id("key", key_id):
        raise KeyNotFound
    return key_id


@contextmanager
def _refusals_noted(key_id: str | None = None) -> Iterator[None]:
    """Around the transaction of an act with keys: an attempt beyond the caller's power undoes it,
    and is noted in another one.
    """
    try:
        yield
    except (LiveKeyNeeded, ScopeNotYours) as error:
        named = {"key": key_id} if key_id else {}
        auth.note_refusal(reason=error.code, **named)
        raise


def _record(tx: Transaction, caller: Caller, action: str, key: ApiKey, **details: object) -> None:
    audit.record(
        tx, action=action, actor=caller.key_id, address=caller.address, subject=key.id, **details
    )
