"""What a transfer leaves beside its row: history, callbacks, keys, contradictions, proposals."""

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from zampay.infra.database.db import Model

CONTRARY_ENDING = "contrary_ending"
FIGURES_DIFFER = "figures_differ"
"""What a discrepancy is: another ending than ours, or another amount, currency or id."""


class MetadataEntry(Model):
    """One entry of a transfer's metadata, as a digest that an index finds; a trigger writes it."""

    __tablename__ = "transfer_metadata"

    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    entry: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(primary_key=True)
    transfer_id: Mapped[str] = mapped_column(sa.ForeignKey("transfers.id"), primary_key=True)

    @staticmethod
    def digest(name: str, value: str) -> str:
        """What stands for `metadata[name] = value`; the migration computes the same."""
        return hashlib.sha256(f"{name}\x01{value}".encode()).hexdigest()


class Transition(Model):
    """One line of a transfer's history: from where to where, by what evidence. Append-only."""

    __tablename__ = "transitions"

    transfer_id: Mapped[str] = mapped_column(sa.ForeignKey("transfers.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    source: Mapped[str | None] = mapped_column(sa.Text)
    target: Mapped[str] = mapped_column(sa.Text)
    evidence: Mapped[str] = mapped_column(sa.Text)
    detail: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())
    hash: Mapped[str] = mapped_column(sa.Text, server_default=sa.FetchedValue())

    __table_args__ = (sa.Index("ix_transitions_at", "at", postgresql_using="brin"),)


class Callback(Model):
    """What a network sent us, raw and once; `processed_at` is set when a poll followed it."""

    __tablename__ = "callbacks"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    transfer_id: Mapped[str] = mapped_column(sa.ForeignKey("transfers.id"))
    body_digest: Mapped[str] = mapped_column(sa.Text)
    body: Mapped[bytes]
    method: Mapped[str] = mapped_column(sa.Text)
    address: Mapped[str | None] = mapped_column(sa.Text)
    verified: Mapped[bool]
    received_at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())
    processed_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("transfer_id", "body_digest"),)


class IdempotencyKey(Model):
    """A merchant's `Idempotency-Key` and the request that it stood for."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    request_digest: Mapped[str] = mapped_column(sa.Text)
    transfer_id: Mapped[str] = mapped_column(sa.ForeignKey("transfers.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class Discrepancy(Model):
    """The network's word against ours: kept beside the transfer, never written over it."""

    __tablename__ = "discrepancies"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    transfer_id: Mapped[str] = mapped_column(sa.ForeignKey("transfers.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    ours: Mapped[str] = mapped_column(sa.Text)
    theirs: Mapped[str] = mapped_column(sa.Text)
    found_at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())
    resolved_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("transfer_id", "kind", "theirs"),)


class Proposal(Model):
    """A decision on live money that one operator proposes and another approves."""

    __tablename__ = "proposals"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    transfer_id: Mapped[str] = mapped_column(sa.ForeignKey("transfers.id"))
    action: Mapped[str] = mapped_column(sa.Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(sa.Text)
    proposed_by: Mapped[str] = mapped_column(sa.Text)
    proposed_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    expires_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(sa.Text)
    approved_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("approved_by <> proposed_by", name="two_people"),)
