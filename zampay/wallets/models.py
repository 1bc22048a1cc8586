"""A merchant's wallet as it is stored; its credentials are encrypted, and read in `adapters.py` and
`rotate_encryption.py` alone.
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from zampay.infra.database.db import Model

LOOKUP_LENGTH = 20
"""How much of a callback token finds its wallet (100 bits), as for transfers."""


class Status(StrEnum):
    """Whether a wallet takes new transfers: only an ACTIVE one does.

    UNVERIFIED: its credentials have not been tried. REFUSED: the network refused them.
    """

    UNVERIFIED = "UNVERIFIED"
    ACTIVE = "ACTIVE"
    REFUSED = "REFUSED"
    DISABLED = "DISABLED"


class Choice(StrEnum):
    """Why a transfer goes through its wallet: the request named it; it is the merchant's oldest
    active one at the network; the merchant has none and the deployment's is shared; test mode.
    """

    NAMED = "named"
    OWN = "own"
    SHARED = "shared"
    SANDBOX = "sandbox"


class Wallet(Model):
    """One account of a merchant at a network. `credentials_version` grows with each replacement;
    `activated_at` is when it first became ACTIVE, `verified_at` when the network last took these
    credentials.
    """

    __tablename__ = "wallets"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    provider: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text)
    encrypted_credentials: Mapped[str] = mapped_column(sa.Text)
    credentials_version: Mapped[int]
    callback_token: Mapped[str] = mapped_column(sa.Text, unique=True)
    callback_lookup: Mapped[str] = mapped_column(
        sa.Text, sa.Computed(f"left(callback_token, {LOOKUP_LENGTH})", persisted=True), index=True
    )
    status: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]

    __table_args__ = (
        sa.CheckConstraint(
            f"status IN ({', '.join(repr(str(one)) for one in Status)})", name="status_legal"
        ),
        sa.CheckConstraint(
            "(status = 'DISABLED') = (disabled_at IS NOT NULL)", name="disabled_iff_it_says_when"
        ),
        sa.CheckConstraint(
            "status <> 'ACTIVE' OR activated_at IS NOT NULL", name="active_since_when"
        ),
        sa.Index("ix_wallets_choice", "tenant_id", "provider", "created_at", "id"),
    )
