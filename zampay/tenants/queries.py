"""Reads of tenants, keys and audit entries; every one takes the transaction it reads in."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from zampay.infra.database.db import TenantOf, Transaction
from zampay.infra.database.definer import Function
from zampay.tenants.models import ApiKey, AuditEntry, Tenant

USED_IS_KEPT_FOR = timedelta(minutes=1)
MOST_NAMED = 10
_USABLE = (
    ApiKey.revoked_at.is_(None),
    sa.or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > sa.func.now()),
)
TENANT_OF_KEY = Function(
    "tenant_of_key",
    takes="digest text",
    gives="tenant_id text",
    body="SELECT k.tenant_id FROM public.api_keys k WHERE k.hash = digest",
)


def tenant_of_key(digest: str) -> TenantOf:
    """Whose the key with this hash is: the scope in which the key itself is read."""
    return TenantOf(TENANT_OF_KEY, {"digest": digest})


def key_by_hash(tx: Transaction, digest: str) -> tuple[ApiKey, Tenant] | None:
    """The key with this hash and whose it is, whatever its state."""
    found = tx.session.execute(
        sa.select(ApiKey, Tenant)
        .join(Tenant, Tenant.id == ApiKey.tenant_id)
        .where(ApiKey.hash == digest)
    ).one_or_none()
    return (found[0], found[1]) if found else None


def locked_tenant(tx: Transaction) -> Tenant:
    """The tenant whose transaction this is, locked until it ends; rows that name the tenant can be
    written meanwhile.
    """
    own = sa.select(Tenant).where(Tenant.id == tx.tenant_id)
    return tx.session.execute(own.with_for_update(key_share=True)).scalar_one()


def keys(
    tx: Transaction,
    *,
    before: tuple[datetime, str] | None = None,
    usable_only: bool = False,
    limit: int,
) -> list[ApiKey]:
    """Keys of the tenant, newest first, starting below the key (created_at, id) of the last page's
    end.
    """
    query = sa.select(ApiKey).where(ApiKey.tenant_id == tx.tenant_id)
    if usable_only:
        query = query.where(*_USABLE)
    if before is not None:
        query = query.where(sa.tuple_(ApiKey.created_at, ApiKey.id) < before)
    newest = query.order_by(ApiKey.created_at.desc(), ApiKey.id.desc())
    return list(tx.session.scalars(newest.limit(limit)))


def usable_keys(tx: Transaction) -> int:
    """How many keys of the tenant can be used."""
    query = sa.select(sa.func.count()).select_from(ApiKey)
    return tx.session.scalar(query.where(ApiKey.tenant_id == tx.tenant_id, *_USABLE)) or 0


def has_had_live_key(tx: Transaction) -> bool:
    """Whether the tenant ever had a live key, also where none can be used any more."""
    live = sa.select(ApiKey.id).where(ApiKey.tenant_id == tx.tenant_id, ApiKey.livemode)
    return tx.session.scalar(live.limit(1)) is not None


def keys_not_revoked(tx: Transaction) -> list[ApiKey]:
    """Every key of the tenant that nobody has revoked, locked."""
    return list(
        tx.session.scalars(
            sa.select(ApiKey)
            .where(ApiKey.tenant_id == tx.tenant_id, ApiKey.revoked_at.is_(None))
            .order_by(ApiKey.id)
            .with_for_update(key_share=True)
        )
    )


def key(tx: Transaction, key_id: str) -> ApiKey | None:
    """One key of the tenant, locked against a change at the same time."""
    return tx.session.scalar(
        sa.select(ApiKey)
        .where(ApiKey.tenant_id == tx.tenant_id, ApiKey.id == key_id)
        .with_for_update(key_share=True)
    )


def successor(tx: Transaction, key_id: str) -> str | None:
    """The key that this one was rotated to; the audit log, from which nothing goes, knows it."""
    return tx.session.scalar(
        sa.select(AuditEntry.details["successor"].astext).where(
            AuditEntry.tenant_id == tx.tenant_id,
            AuditEntry.action == "key.rotated",
            AuditEntry.subject == key_id,
        )
    )


def audit_entries(tx: Transaction, *, before: int | None, limit: int) -> list[AuditEntry]:
    """Entries of the tenant, newest first, starting below the entry number `before`."""
    query = sa.select(AuditEntry).where(AuditEntry.tenant_id == tx.tenant_id)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return list(tx.session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)))


def is_usable(found: ApiKey, now: datetime) -> bool:
    """Whether a key is neither revoked nor past its end."""
    revoked = found.revoked_at is not None and found.revoked_at <= now
    expired = found.expires_at is not None and found.expires_at <= now
    return not (revoked or expired)


def is_long_unused(found: ApiKey, now: datetime) -> bool:
    """Whether its last use is to be written down again: once a minute is enough."""
    return found.last_used_at is None or found.last_used_at < now - USED_IS_KEPT_FOR


def mark_used(tx: Transaction, found: ApiKey) -> None:
    """Write down that the key is used now; whoever finds the row taken leaves it to the other."""
    free = (
        sa.select(ApiKey.id)
        .where(ApiKey.tenant_id == found.tenant_id, ApiKey.id == found.id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    tx.session.execute(
        sa.update(ApiKey)
        .where(ApiKey.id.in_(free))
        .values(last_used_at=sa.func.now())
        .execution_options(synchronize_session=False)
    )


def tenants(
    tx: Transaction, *, after: str | None = None, limit: int
) -> list[tuple[Tenant, str | None]]:
    """Tenants that this transaction may see, in the order of their ids (oldest first), each with
    the oldest other tenant that has the same e-mail.
    """
    query = sa.select(Tenant, _same_email()).order_by(Tenant.id).limit(limit)
    if after is not None:
        query = query.where(Tenant.id > after)
    return [(row[0], row[1]) for row in tx.session.execute(query)]


def tenant_ids(tx: Transaction, *, after: str | None, limit: int) -> list[str]:
    """Ids of the tenants that this transaction may see, in order."""
    query = sa.select(Tenant.id).order_by(Tenant.id).limit(limit)
    return list(tx.session.scalars(query if after is None else query.where(Tenant.id > after)))


def with_email(tx: Transaction, email: str) -> list[str]:
    """Ids of the tenants that this transaction may see with this e-mail, oldest first."""
    query = sa.select(Tenant.id).where(sa.func.lower(Tenant.email) == sa.func.lower(email))
    return list(tx.session.scalars(query.order_by(Tenant.id).limit(MOST_NAMED)))


def _same_email() -> sa.ScalarSelect[str]:
    other = aliased(Tenant)
    return (
        sa.select(sa.func.min(other.id))
        .where(sa.func.lower(other.email) == sa.func.lower(Tenant.email), other.id != Tenant.id)
        .correlate(Tenant)
        .scalar_subquery()
    )
