"""Events, the counter behind their numbers, endpoints, and deliveries as they are stored."""

import contextlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from zampay.infra import encryption
from zampay.infra.database.db import Model

PENDING, DELIVERED, EXHAUSTED, CANCELLED = "PENDING", "DELIVERED", "EXHAUSTED", "CANCELLED"
STATUSES = (PENDING, DELIVERED, EXHAUSTED, CANCELLED)


class Event(Model):
    """Something that happened, written in the same transaction and never changed."""

    __tablename__ = "events"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    livemode: Mapped[bool]
    sequence: Mapped[int] = mapped_column(sa.BigInteger)
    type: Mapped[str] = mapped_column(sa.Text)
    subject_id: Mapped[str] = mapped_column(sa.Text)
    position: Mapped[int]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())

    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "livemode", "sequence"),
        sa.UniqueConstraint("subject_id", "position"),
    )


class EventCounter(Model):
    """The last number given, per tenant and mode."""

    __tablename__ = "event_counters"

    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(sa.BigInteger)


class Endpoint(Model):
    """Where a merchant wants events. Secrets and the values of the merchant's own headers are
    encrypted; the previous secret signs until its end.
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    livemode: Mapped[bool]
    url: Mapped[str] = mapped_column(sa.Text)
    description: Mapped[str] = mapped_column(sa.Text)
    event_types: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    encrypted_headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    enabled: Mapped[bool]
    disabled_reason: Mapped[str | None] = mapped_column(sa.Text)
    encrypted_secret: Mapped[str] = mapped_column(sa.Text)
    encrypted_previous_secret: Mapped[str | None] = mapped_column(sa.Text)
    previous_secret_ends_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    latency_ms: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    position: Mapped[int]

    __table_args__ = (sa.Index("ix_webhook_endpoints_tenant_id_livemode", "tenant_id", "livemode"),)

    @property
    def headers(self) -> dict[str, str]:
        """The merchant's own headers as they see them; a value that no key decrypts is empty."""
        return {name: _shown(stored) for name, stored in self.encrypted_headers.items()}

    def secrets_in_use(self, now: datetime) -> dict[str, str]:
        """The encrypted secrets that sign now, by column: the current one, and until its end the
        previous one.
        """
        ends_at, previous = self.previous_secret_ends_at, self.encrypted_previous_secret
        found = {"encrypted_secret": self.encrypted_secret}
        if previous is not None and ends_at is not None and ends_at > now:
            found["encrypted_previous_secret"] = previous
        return found


def _shown(stored: str) -> str:
    with contextlib.suppress(encryption.CannotDecrypt):
        return encryption.decrypt(stored)
    return ""


class Delivery(Model):
    """One event owed to one endpoint; the row is the job, `due_at` says when."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    endpoint_id: Mapped[str] = mapped_column(sa.ForeignKey("webhook_endpoints.id"))
    event_id: Mapped[str] = mapped_column(sa.ForeignKey("events.id"))
    status: Mapped[str] = mapped_column(sa.Text)
    attempts: Mapped[int]
    due_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    last_attempt_at: Mapped[datetime | None]
    answer_status: Mapped[int | None]
    answer_text: Mapped[str | None] = mapped_column(sa.Text)
    latency_ms: Mapped[int | None]
    delivered_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())

    __table_args__ = (
        sa.UniqueConstraint("endpoint_id", "event_id"),
        sa.CheckConstraint(
            "status IN ('PENDING', 'DELIVERED', 'EXHAUSTED', 'CANCELLED')", name="status_legal"
        ),
        sa.CheckConstraint("(status = 'PENDING') = (due_at IS NOT NULL)", name="due_iff_pending"),
        sa.Index(
            "ix_webhook_deliveries_owed",
            "endpoint_id",
            "due_at",
            postgresql_where=sa.text("due_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_webhook_deliveries_under_way",
            "endpoint_id",
            postgresql_where=sa.text("leased_until IS NOT NULL"),
        ),
        sa.Index("ix_webhook_deliveries_age", "created_at", postgresql_using="brin"),
        sa.Index("ix_webhook_deliveries_page", "endpoint_id", "created_at", "id"),
        sa.Index("ix_webhook_deliveries_event_id", "event_id"),
    )
