"""Events as they are stored, and the counter behind their numbers."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from zampay.infra.db import Model


class Event(Model):
    """One thing a merchant hears about: written with the move that it tells, never changed."""

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
    """The last number given, per tenant and world."""

    __tablename__ = "event_counters"

    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(sa.BigInteger)
