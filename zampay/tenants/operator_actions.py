"""What operators do with tenants and keys: make, list, activate, suspend, replace, revoke.

Each act names its operator in the tenant's audit log. It is the only way to an account where
registration is closed, and the only way back to one whose keys are lost.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zampay.infra.database.db import EVERY_TENANT, Transaction, transaction
from zampay.tenants import audit, keys, queries, service
from zampay.tenants.models import ApiKey, Tenant

AT_A_TIME = 1000
LOCKED = {"key_share": True}
"""Rows that only name the tenant can be written meanwhile."""


@dataclass(frozen=True, slots=True)
class WantedKey:
    """A key as an operator issues it."""

    livemode: bool
    name: str
    scopes: list[str]


def create_tenant(
    *, tenant_id: str, business_name: str, email: str, activate: bool, operator: str
) -> tuple[Tenant, ApiKey, str]:
    """A new tenant with its first test key, whose text is in the answer and nowhere else."""
    with transaction(tenant_id) as tx:
        tenant, key, secret = service.add_tenant(
            tx, business_name=business_name, email=email, activate=activate
        )
        _record(tx, "tenant.created", operator, subject=key.id, activated=activate)
    return tenant, key, secret


def issue_key(
    *, tenant_id: str, wanted: WantedKey, revoke_others: bool, operator: str, reason: str
) -> tuple[ApiKey, str, list[ApiKey]]:
    """A key for a tenant that exists, its text, and the keys that are refused from now on.

    Raises:
        TenantNotActivated: a live key for a tenant that is not activated.
        TooManyKeys.
    """
    with transaction(tenant_id) as tx:
        tenant = queries.locked_tenant(tx)
        if wanted.livemode and tenant.activated_at is None:
            raise service.TenantNotActivated
        revoked = keys.revoke_all(tx) if revoke_others else []
        for one in revoked:
            _record(tx, "key.revoked", operator, subject=one.id, reason=reason)
        key, secret = keys.issue(
            tx, livemode=wanted.livemode, name=wanted.name, scopes=wanted.scopes
        )
        _record(
            tx,
            "key.created",
            operator,
            subject=key.id,
            livemode=key.livemode,
            scopes=key.scopes,
            reason=reason,
        )
    return key, secret, revoked


def key_of_any_tenant(key_id: str) -> ApiKey | None:
    """A key of whichever tenant."""
    with transaction(EVERY_TENANT) as tx:
        return tx.session.get(ApiKey, key_id)


def keys_of(tenant_id: str, *, usable_only: bool, limit: int) -> list[tuple[ApiKey, bool]]:
    """Keys of a tenant, newest first, each with whether it can be used now."""
    with transaction(tenant_id) as tx:
        found = queries.keys(tx, usable_only=usable_only, limit=limit)
        return [(key, queries.is_usable(key, tx.now)) for key in found]


def revoke_key(*, tenant_id: str, key_id: str, operator: str, reason: str) -> list[ApiKey]:
    """Refuse a tenant's key from now on: which keys that are (see `keys.revoke`), none when it was
    so already.
    """
    with transaction(tenant_id) as tx:
        known_successor = queries.successor(tx, key_id)
        queries.locked_tenant(tx)
        revoked = keys.revoke(tx, key_id, known_successor=known_successor)
        for one in revoked:
            _record(tx, "key.revoked", operator, subject=one.id, reason=reason)
    return revoked


def activate(*, tenant_id: str, operator: str) -> bool:
    """Let the tenant have live keys; false when it was so already or there is no such tenant."""
    with transaction(tenant_id) as tx:
        tenant = tx.session.get(Tenant, tenant_id, with_for_update=LOCKED)
        if tenant is None or tenant.activated_at is not None:
            return False
        tenant.activated_at = tx.now
        _record(tx, "tenant.activated", operator)
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
        _record(tx, "tenant.suspended", operator, reason=reason)
    return True


def resume(*, tenant_id: str, operator: str, reason: str) -> bool:
    """Take a suspended tenant's keys again; false when it is not suspended."""
    with transaction(tenant_id) as tx:
        tenant = tx.session.get(Tenant, tenant_id, with_for_update=LOCKED)
        if tenant is None or tenant.suspended_at is None:
            return False
        tenant.suspended_at = None
        _record(tx, "tenant.resumed", operator, reason=reason)
    return True


def tenant(tenant_id: str) -> Tenant | None:
    """One tenant."""
    with transaction(tenant_id) as tx:
        return tx.session.get(Tenant, tenant_id)


def tenants(*, after: str | None, limit: int) -> list[tuple[Tenant, str | None]]:
    """Tenants, oldest first, each with the oldest other one that has the same e-mail."""
    with transaction(EVERY_TENANT) as tx:
        return queries.tenants(tx, after=after, limit=limit)


def every_tenant_id() -> Iterator[str]:
    """The ids of all tenants, oldest first, some at a time."""
    last: str | None = None
    while True:
        with transaction(EVERY_TENANT) as tx:
            found = queries.tenant_ids(tx, after=last, limit=AT_A_TIME)
        yield from found
        if len(found) < AT_A_TIME:
            return
        last = found[-1]


def others_with_email(found: Tenant) -> list[str]:
    """Ids of the other tenants that have this one's e-mail, oldest first. For operators only: to
    whoever registers it would tell who is a merchant here.
    """
    with transaction(EVERY_TENANT) as tx:
        return [one for one in queries.with_email(tx, found.email) if one != found.id]


def _record(
    tx: Transaction,
    action: str,
    operator: str,
    *,
    subject: str | None = None,
    **details: str | bool | Iterable[str],
) -> None:
    actor = f"operator:{operator}"
    audit.record(tx, action=action, actor=actor, address=audit.CONSOLE, subject=subject, **details)
