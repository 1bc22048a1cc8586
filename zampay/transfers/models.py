"""A payment and its traces as they are stored. Only `transitions.py` assigns a state.

What must never happen is refused by the database too: see the constraints here and the triggers of
the first migration (final is final, history is append-only).
"""

import hashlib
import math
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from zampay.infra.database.db import Model
from zampay.kernel.money import Money
from zampay.providers.contract import Order, Retry
from zampay.transfers import states
from zampay.transfers.states import State

LOOKUP_LENGTH = 20
"""How much of a callback token finds its payment (100 bits); see `queries.by_callback_token`."""
CONTRARY_ENDING = "contrary_ending"
FIGURES_DIFFER = "figures_differ"
ONCE_CONFIRMED = "retryOnceConfirmed"
"""What a discrepancy is: another ending than ours, or another amount, currency or id."""
TO_SUBMIT = "state = 'PENDING'"
TO_POLL = "due_at IS NOT NULL AND state <> 'PENDING'"
"""Which rows are owed a send, and which a poll; what `due.py` asks for word by word, because an
index on some rows is only used for a condition that names the same ones."""
_STATES = ", ".join(f"'{state}'" for state in State)
_PROMPTING = "livemode AND state IN ('PENDING', 'SUBMITTING', 'UNCONFIRMED', 'PROCESSING')"
_FINAL = ", ".join(f"'{state}'" for state in sorted(states.FINAL))


class IllegalTransition(AssertionError):
    """Code asked for a move that `states.py` does not know: a defect, never a merchant's error."""


class Payment(Model):
    """One request for money; times are the database's.

    `due_at`, `planned_at` and `leased_until` are explained in `transitions.py`. `repoll_at` is when
    an ending in question is looked at once more; the network's confirmation takes it away.
    `last_byte_at` is the last moment at which a byte of a send could go out: the end of the lease
    until the send has come back. `called_back_at` is when a callback last came for what was sent.
    """

    __tablename__ = "payments"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    livemode: Mapped[bool]
    external_id: Mapped[str] = mapped_column(sa.Text)
    request_digest: Mapped[str] = mapped_column(sa.Text)
    provider: Mapped[str] = mapped_column(sa.Text)
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
    payment_metadata: Mapped[dict[str, str]] = mapped_column("metadata", JSONB)

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
        sa.UniqueConstraint("tenant_id", "livemode", "external_id"),
        sa.UniqueConstraint("provider", "provider_reference"),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
        sa.CheckConstraint(f"state IN ({_STATES})", name="state_legal"),
        sa.CheckConstraint("(state = 'FAILED') = (failure IS NOT NULL)", name="failure_iff_failed"),
        sa.CheckConstraint(
            f"(state IN ({_FINAL})) = (completed_at IS NOT NULL)", name="completed_iff_final"
        ),
        sa.CheckConstraint(
            f"due_at IS NOT NULL OR state IN ({_FINAL})", name="open_rows_are_due_some_day"
        ),
        sa.Index("ix_payments_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
        sa.Index("ix_payments_number_open", "msisdn", postgresql_where=sa.text(_PROMPTING)),
        sa.Index(
            "ix_payments_number_recent",
            "msisdn",
            "created_at",
            postgresql_where=sa.text("livemode"),
        ),
        sa.Index("ix_payments_page", "tenant_id", "livemode", "created_at", "id"),
        sa.Index("ix_payments_state", "tenant_id", "livemode", "state", "created_at", "id"),
        sa.Index("ix_payments_provider", "tenant_id", "livemode", "provider", "created_at", "id"),
        sa.Index("ix_payments_msisdn", "msisdn", "tenant_id", "livemode", "created_at", "id"),
        sa.Index(
            "ix_payments_transaction",
            "provider_transaction_id",
            postgresql_where=sa.text("provider_transaction_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_payments_to_submit",
            *("provider", "livemode", "tenant_id", "created_at", "due_at"),
            postgresql_where=sa.text(TO_SUBMIT),
        ),
        sa.Index(
            "ix_payments_to_poll",
            *("provider", "livemode", "tenant_id", "due_at"),
            postgresql_where=sa.text(TO_POLL),
        ),
    )

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount_minor, self.currency)

    @property
    def is_final(self) -> bool:
        """Whether the payment has ended."""
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
            reference=self.provider_reference,
            payment_id=self.id,
            msisdn=self.msisdn,
            money=self.money,
            payer_message=self.payer_message,
            payee_note=self.payee_note,
            callback_token=self.callback_token,
            accepted_at=self.created_at,
            now=now,
            send_until_s=send_until_s,
        )


class MetadataEntry(Model):
    """One entry of a payment's metadata, as a digest that an index finds; a trigger writes it."""

    __tablename__ = "payment_metadata"

    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    entry: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(primary_key=True)
    payment_id: Mapped[str] = mapped_column(sa.ForeignKey("payments.id"), primary_key=True)

    @staticmethod
    def digest(name: str, value: str) -> str:
        """What stands for `metadata[name] = value`; the migration computes the same."""
        return hashlib.sha256(f"{name}\x01{value}".encode()).hexdigest()


class Transition(Model):
    """One line of a payment's history: from where to where, by what evidence. Append-only."""

    __tablename__ = "payment_moves"

    payment_id: Mapped[str] = mapped_column(sa.ForeignKey("payments.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    source: Mapped[str | None] = mapped_column(sa.Text)
    target: Mapped[str] = mapped_column(sa.Text)
    evidence: Mapped[str] = mapped_column(sa.Text)
    detail: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())
    hash: Mapped[str] = mapped_column(sa.Text, server_default=sa.FetchedValue())

    __table_args__ = (sa.Index("ix_payment_moves_at", "at", postgresql_using="brin"),)


class Callback(Model):
    """What a network sent us, raw and once; `processed_at` is set when a poll followed it."""

    __tablename__ = "payment_callbacks"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    payment_id: Mapped[str] = mapped_column(sa.ForeignKey("payments.id"))
    body_digest: Mapped[str] = mapped_column(sa.Text)
    body: Mapped[bytes]
    method: Mapped[str] = mapped_column(sa.Text)
    address: Mapped[str | None] = mapped_column(sa.Text)
    received_at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())
    processed_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("payment_id", "body_digest"),)


class IdempotencyKey(Model):
    """A merchant's `Idempotency-Key` and the request that it stood for."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    request_digest: Mapped[str] = mapped_column(sa.Text)
    payment_id: Mapped[str] = mapped_column(sa.ForeignKey("payments.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class Discrepancy(Model):
    """The network's word against ours: kept beside the payment, never written over it."""

    __tablename__ = "discrepancies"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    payment_id: Mapped[str] = mapped_column(sa.ForeignKey("payments.id"))
    kind: Mapped[str] = mapped_column(sa.Text)
    ours: Mapped[str] = mapped_column(sa.Text)
    theirs: Mapped[str] = mapped_column(sa.Text)
    found_at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())
    resolved_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("payment_id", "kind", "theirs"),)


class Proposal(Model):
    """A decision on live money that one operator proposes and another approves."""

    __tablename__ = "proposals"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(sa.ForeignKey("tenants.id"))
    payment_id: Mapped[str] = mapped_column(sa.ForeignKey("payments.id"))
    action: Mapped[str] = mapped_column(sa.Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(sa.Text)
    proposed_by: Mapped[str] = mapped_column(sa.Text)
    proposed_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    expires_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(sa.Text)
    approved_at: Mapped[datetime | None]

    __table_args__ = (sa.CheckConstraint("approved_by <> proposed_by", name="two_people"),)
