"""A transfer as it is stored. Only `transitions.py` assigns a state.

What must never happen is refused by the database too: see the constraints here and the triggers of
the first migration (final is final, history is append-only).
"""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from zampay.infra.database.db import Model
from zampay.kernel.money import Money
from zampay.providers import registry
from zampay.providers.contract import Order
from zampay.providers.failures import Retry
from zampay.providers.profile import Capability, Kind
from zampay.transfers import states
from zampay.transfers.states import State
from zampay.wallets.models import Choice

LOOKUP_LENGTH = 20
"""How much of a callback token finds its transfer (100 bits); see `callback_queries.py`."""
ONCE_CONFIRMED = "retryOnceConfirmed"
TO_SUBMIT = "state = 'PENDING'"
TO_POLL = "due_at IS NOT NULL AND state <> 'PENDING'"
"""Which rows are owed a send, and which a poll; what `due.py` asks for word by word, because an
index on some rows is only used for a condition that names the same ones."""
OWN_WALLET = "wallet_id <> 'deployment'"
_LIVE_PAYMENT = "kind = 'payment' AND livemode"
_PROMPTING = f"{_LIVE_PAYMENT} AND state IN ('PENDING', 'SUBMITTING', 'UNCONFIRMED', 'PROCESSING')"
_STREAM = ("provider", "wallet_id", "livemode")
_PAGES = ("tenant_id", "livemode", "kind")


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_FINAL = _quoted(sorted(states.FINAL))


class IllegalTransition(AssertionError):
    """Code asked for a move that `states.py` does not know: a defect, never a merchant's error."""


class Transfer(Model):
    """One movement of money; times are the database's.

    `due_at`, `planned_at` and `leased_until` are explained in `transitions.py`. `repoll_at` is when
    an ending in question is looked at once more; the network's confirmation takes it away.
    `last_byte_at` is the last moment at which a byte of a send could go out: the end of the lease
    until the send has come back. `called_back_at` is when a callback last came for what was sent.
    """

    __tablename__ = "transfers"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    parent_id: Mapped[str | None] = mapped_column(sa.ForeignKey("transfers.id"))
    livemode: Mapped[bool]
    external_id: Mapped[str] = mapped_column(sa.Text)
    request_digest: Mapped[str] = mapped_column(sa.Text)
    provider: Mapped[str] = mapped_column(sa.Text)
    wallet_id: Mapped[str] = mapped_column(sa.Text)
    wallet_choice: Mapped[str] = mapped_column(sa.Text)
    provider_reference: Mapped[str] = mapped_column(sa.Text)
    network_account: Mapped[str | None] = mapped_column(sa.Text)
    callback_token: Mapped[str] = mapped_column(sa.Text, unique=True)
    callback_lookup: Mapped[str] = mapped_column(
        sa.Text, sa.Computed(f"left(callback_token, {LOOKUP_LENGTH})", persisted=True), index=True
    )
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.Text)
    msisdn: Mapped[str] = mapped_column(sa.Text)
    payer_message: Mapped[str] = mapped_column(sa.Text)
    payee_note: Mapped[str] = mapped_column(sa.Text)
    transfer_metadata: Mapped[dict[str, str]] = mapped_column("metadata", JSONB)

    state: Mapped[str] = mapped_column(sa.Text)
    position: Mapped[int]
    due_at: Mapped[datetime | None]
    planned_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    repoll_at: Mapped[datetime | None]
    submissions: Mapped[int]
    polls: Mapped[int]
    in_doubt: Mapped[bool]
    presumed_failure: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    first_tried_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    last_byte_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    called_back_at: Mapped[datetime | None]
    in_dispute: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    failure: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    provider_transaction_id: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    request_id: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "livemode", "kind", "external_id"),
        sa.UniqueConstraint("provider", "provider_reference"),
        sa.CheckConstraint(f"kind IN ({_quoted(Kind)})", name="kind_known"),
        sa.CheckConstraint("kind <> 'payment' OR parent_id IS NULL", name="payment_has_no_parent"),
        sa.CheckConstraint(f"wallet_choice IN ({_quoted(Choice)})", name="choice_known"),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
        sa.CheckConstraint(f"state IN ({_quoted(State)})", name="state_legal"),
        sa.CheckConstraint("(state = 'FAILED') = (failure IS NOT NULL)", name="failure_iff_failed"),
        sa.CheckConstraint(
            f"(state IN ({_FINAL})) = (completed_at IS NOT NULL)", name="completed_iff_final"
        ),
        sa.CheckConstraint(
            f"due_at IS NOT NULL OR state IN ({_FINAL})", name="open_rows_are_due_some_day"
        ),
        sa.Index("ix_transfers_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
        sa.Index("ix_transfers_number_open", "msisdn", postgresql_where=sa.text(_PROMPTING)),
        sa.Index(
            "ix_transfers_number_recent",
            "msisdn",
            "created_at",
            postgresql_where=sa.text(_LIVE_PAYMENT),
        ),
        sa.Index("ix_transfers_page", *_PAGES, "created_at", "id"),
        sa.Index("ix_transfers_state", *_PAGES, "state", "created_at", "id"),
        sa.Index("ix_transfers_provider", *_PAGES, "provider", "created_at", "id"),
        sa.Index(
            "ix_transfers_wallet",
            *_PAGES,
            "wallet_id",
            "created_at",
            "id",
            postgresql_where=sa.text(OWN_WALLET),
        ),
        sa.Index("ix_transfers_msisdn", "msisdn", *_PAGES, "created_at", "id"),
        sa.Index(
            "ix_transfers_transaction",
            "provider_transaction_id",
            postgresql_where=sa.text("provider_transaction_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_transfers_to_submit",
            *_STREAM,
            "tenant_id",
            "created_at",
            "due_at",
            postgresql_where=sa.text(TO_SUBMIT),
        ),
        sa.Index(
            "ix_transfers_to_poll",
            *_STREAM,
            "tenant_id",
            "due_at",
            postgresql_where=sa.text(TO_POLL),
        ),
    )

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount_minor, self.currency)

    @property
    def capability(self) -> Capability:
        """What may be done with it at its network."""
        return registry.capability(self.provider, self.kind, livemode=self.livemode)

    @property
    def message(self) -> dict[str, str | bool]:
        """What a message for workers says of it, so that they know its stream without a look-up."""
        return {
            "transfer_id": self.id,
            "tenant_id": self.tenant_id,
            "provider": self.provider,
            "wallet_id": self.wallet_id,
            "livemode": self.livemode,
        }

    @property
    def is_final(self) -> bool:
        """Whether the transfer has ended."""
        return State(self.state) in states.FINAL

    @property
    def may_have_landed(self) -> bool:
        """Whether the network may have it, although no answer of its own has said so."""
        return self.in_doubt or self.was_called_back

    @property
    def was_called_back(self) -> bool:
        """Whether a callback came for what was sent: then the network has had it."""
        return self.called_back_at is not None and self.submissions > 0

    def is_anothers(self, account: str) -> bool:
        """Whether another account at the network has sent it, so that this one cannot know it."""
        return bool(self.network_account) and self.network_account != account

    @property
    def current_failure(self) -> dict[str, Any] | None:
        """The failure with what is known now of a new attempt: nothing is safe while the ending is
        still in question.
        """
        if self.failure is None:
            return None
        retry = self.failure.get(ONCE_CONFIRMED, self.failure["retry"])
        if self.in_dispute or self.repoll_at is not None or self.due_at is not None:
            retry = Retry.UNSAFE.value
        return {**self.failure, "retry": retry}

    def order(self, now: datetime, *, send_until_s: float = math.inf) -> Order:
        """What the network is told."""
        return Order(
            kind=Kind(self.kind),
            wallet_id=self.wallet_id,
            reference=self.provider_reference,
            transfer_id=self.id,
            msisdn=self.msisdn,
            money=self.money,
            payer_message=self.payer_message,
            payee_note=self.payee_note,
            callback_token=self.callback_token,
            accepted_at=self.created_at,
            now=now,
            send_until_s=send_until_s,
        )
