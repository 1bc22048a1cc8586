"""Tenants, keys and the audit log as they are stored; keys only as hashes."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from zampay.infra.database.db import Model

_NOW = sa.func.now()


class Tenant(Model):
    """A merchant. Live keys exist only once `activated_at` is set."""

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    business_name: Mapped[str] = mapped_column(sa.Text)
    email: Mapped[str] = mapped_column(sa.Text)
    activated_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)


class ApiKey(Model):
    """One key: `hash` is SHA-256 of the whole key, which nobody can show again."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    livemode: Mapped[bool]
    name: Mapped[str] = mapped_column(sa.Text)
    hash: Mapped[str] = mapped_column(sa.Text, unique=True)
    hint: Mapped[str] = mapped_column(sa.Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index("ix_api_keys_page", "tenant_id", "created_at", "id"),
        sa.Index(
            "ix_api_keys_not_revoked", "tenant_id", postgresql_where=sa.text("revoked_at IS NULL")
        ),
    )


class AuditEntry(Model):
    """What was done, by which key or operator, from where. Append-only, and each
    line carries a hash over itself and the one before (triggers see to both).
    """

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())
    action: Mapped[str] = mapped_column(sa.Text)
    actor: Mapped[str] = mapped_column(sa.Text)
    address: Mapped[str | None] = mapped_column(sa.Text)
    subject: Mapped[str | None] = mapped_column(sa.Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    position: Mapped[int] = mapped_column(sa.BigInteger, server_default=sa.FetchedValue())
    hash: Mapped[str] = mapped_column(sa.Text, server_default=sa.FetchedValue())

    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "position"),
        sa.Index("ix_audit_log_tenant_id_id", "tenant_id", "id"),
        sa.Index(
            "ix_audit_log_rotated",
            "tenant_id",
            "subject",
            postgresql_where=sa.text("action = 'key.rotated'"),
        ),
    )


class AuditHead(Model):
    """The end of each tenant's audit log; written by its trigger alone."""

    __tablename__ = "audit_heads"

    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    position: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[str] = mapped_column(sa.Text)


class Operator(Model):
    """A person who runs this gateway; `token_hash` is SHA-256 of what proves it."""

    __tablename__ = "operators"

    name: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.Text, unique=True)
    approved_by: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    removed_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("name ~ '^[a-z][a-z0-9.-]{1,31}$'", name="name_plain"),)
