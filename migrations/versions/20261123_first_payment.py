"""Tenants, keys, payments and their traces, kept apart by row-level security."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "api_keys",
    "audit_log",
    "payments",
    "payment_moves",
    "payment_callbacks",
    "idempotency_keys",
    "discrepancies",
    "events",
    "event_counters",
)
APPEND_ONLY = ("audit_log", "payment_moves", "events")
STATES = "'PENDING', 'SUBMITTING', 'UNCONFIRMED', 'PROCESSING', 'IN_REVIEW', 'SUCCESSFUL', 'FAILED'"
FINAL = "'FAILED', 'SUCCESSFUL'"

ISOLATE = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON {table}
    USING ((SELECT current_setting('zampay.tenant_id', true)) IN ({column}, '*'))
    WITH CHECK ((SELECT current_setting('zampay.tenant_id', true)) IN ({column}, '*'))
"""

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""

KEEP_FINAL = """
CREATE FUNCTION keep_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'payments are never deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.id, NEW.tenant_id, NEW.livemode, NEW.external_id, NEW.provider, NEW.provider_reference,
        NEW.amount_minor, NEW.currency, NEW.msisdn, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.tenant_id, OLD.livemode, OLD.external_id, OLD.provider, OLD.provider_reference,
        OLD.amount_minor, OLD.currency, OLD.msisdn, OLD.created_at) THEN
        RAISE EXCEPTION 'what was accepted never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state IN ('SUCCESSFUL', 'FAILED') AND
       (NEW.state, NEW.failure, NEW.provider_transaction_id, NEW.completed_at, NEW.position)
       IS DISTINCT FROM
       (OLD.state, OLD.failure, OLD.provider_transaction_id, OLD.completed_at, OLD.position) THEN
        RAISE EXCEPTION 'final is final' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    _tenants()
    _payments()
    _traces()
    _events()
    _guards()


def downgrade() -> None:
    for table in (*reversed(TENANT_TABLES), "tenants"):
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_final()")
    op.execute("DROP FUNCTION refuse_change()")


def _tenants() -> None:
    op.create_table(
        "tenants",
        _text("id", primary_key=True),
        _text("business_name"),
        _text("email"),
        _time("activated_at", nullable=True),
        _time("suspended_at", nullable=True),
        _time("created_at", default="now()"),
    )
    op.create_table(
        "api_keys",
        _text("id", primary_key=True),
        _tenant(),
        sa.Column("livemode", sa.Boolean, nullable=False),
        _text("name"),
        _text("hash"),
        _text("hint"),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        _time("created_at", default="now()"),
        _time("expires_at", nullable=True),
        _time("revoked_at", nullable=True),
        _time("last_used_at", nullable=True),
        sa.UniqueConstraint("hash", name="uq_api_keys_hash"),
    )
    op.create_index("ix_api_keys_tenant_id", "api_keys", ["tenant_id"])
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        _tenant(),
        _time("at", default="clock_timestamp()"),
        _text("action"),
        _text("actor"),
        _text("address", nullable=True),
        _text("subject", nullable=True),
        sa.Column("details", JSONB, nullable=False, server_default="{}"),
    )
    op.create_index("ix_audit_log_tenant_id_id", "audit_log", ["tenant_id", "id"])


def _payments() -> None:
    op.create_table(
        "payments",
        _text("id", primary_key=True),
        _tenant(),
        sa.Column("livemode", sa.Boolean, nullable=False),
        _text("external_id"),
        _text("request_digest"),
        _text("provider"),
        _text("provider_reference"),
        _text("callback_token"),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        _text("currency"),
        _text("msisdn"),
        _text("payer_message"),
        _text("payee_note"),
        sa.Column("metadata", JSONB, nullable=False),
        _text("state"),
        sa.Column("position", sa.Integer, nullable=False),
        _time("due_at", nullable=True),
        sa.Column("submissions", sa.Integer, nullable=False),
        sa.Column("looks", sa.Integer, nullable=False),
        sa.Column("in_doubt", sa.Boolean, nullable=False),
        sa.Column("presumed_failure", JSONB),
        _time("submitted_at", nullable=True),
        _time("acknowledged_at", nullable=True),
        sa.Column("failure", JSONB),
        _text("provider_transaction_id", nullable=True),
        _time("created_at"),
        _time("updated_at"),
        _time("completed_at", nullable=True),
        sa.UniqueConstraint(
            "tenant_id",
            "livemode",
            "external_id",
            name="uq_payments_tenant_id_livemode_external_id",
        ),
        sa.UniqueConstraint(
            "provider", "provider_reference", name="uq_payments_provider_provider_reference"
        ),
        sa.UniqueConstraint("callback_token", name="uq_payments_callback_token"),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
        sa.CheckConstraint(f"state IN ({STATES})", name="state_legal"),
        sa.CheckConstraint("(state = 'FAILED') = (failure IS NOT NULL)", name="failure_iff_failed"),
        sa.CheckConstraint(
            f"(state IN ({FINAL})) = (completed_at IS NOT NULL)",
            name="completed_iff_final",
        ),
        sa.CheckConstraint(
            f"due_at IS NOT NULL OR state IN ({FINAL})",
            name="open_rows_are_due_some_day",
        ),
    )
    op.create_index(
        "ix_payments_due_at", "payments", ["due_at"], postgresql_where="due_at IS NOT NULL"
    )
    op.create_index("ix_payments_page", "payments", ["tenant_id", "livemode", "created_at", "id"])


def _traces() -> None:
    op.create_table(
        "payment_moves",
        _payment(primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        _tenant(),
        _text("source", nullable=True),
        _text("target"),
        _text("evidence"),
        _text("detail"),
        _time("at", default="clock_timestamp()"),
    )
    op.create_table(
        "payment_callbacks",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        _tenant(),
        _payment(),
        _text("body_digest"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        _text("method"),
        _text("address", nullable=True),
        _time("received_at", default="clock_timestamp()"),
        _time("heeded_at", nullable=True),
        sa.UniqueConstraint(
            "payment_id", "body_digest", name="uq_payment_callbacks_payment_id_body_digest"
        ),
    )
    op.create_table(
        "idempotency_keys",
        _tenant(primary_key=True),
        sa.Column("livemode", sa.Boolean, primary_key=True, autoincrement=False),
        _text("key", primary_key=True),
        _text("request_digest"),
        _payment(),
        _time("created_at", default="now()"),
    )
    op.create_table(
        "discrepancies",
        _text("id", primary_key=True),
        _tenant(),
        _payment(),
        _text("kind"),
        _text("ours"),
        _text("theirs"),
        _time("found_at", default="clock_timestamp()"),
        _time("resolved_at", nullable=True),
        sa.UniqueConstraint(
            "payment_id", "kind", "theirs", name="uq_discrepancies_payment_id_kind_theirs"
        ),
    )


def _events() -> None:
    op.create_table(
        "events",
        _text("id", primary_key=True),
        _tenant(),
        sa.Column("livemode", sa.Boolean, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        _text("type"),
        _text("subject_id"),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("data", JSONB, nullable=False),
        _time("created_at", default="clock_timestamp()"),
        sa.UniqueConstraint(
            "tenant_id", "livemode", "sequence", name="uq_events_tenant_id_livemode_sequence"
        ),
        sa.UniqueConstraint("subject_id", "position", name="uq_events_subject_id_position"),
    )
    op.create_table(
        "event_counters",
        _tenant(primary_key=True),
        sa.Column("livemode", sa.Boolean, primary_key=True, autoincrement=False),
        sa.Column("last", sa.BigInteger, nullable=False),
    )


def _guards() -> None:
    op.execute(REFUSE_CHANGE)
    op.execute(KEEP_FINAL)
    op.execute(ISOLATE.format(table="tenants", column="id"))
    for table in TENANT_TABLES:
        op.execute(ISOLATE.format(table=table, column="tenant_id"))
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER keep_final BEFORE UPDATE OR DELETE ON payments "
        "FOR EACH ROW EXECUTE FUNCTION keep_final()"
    )


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=primary_key)


def _time(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[object]:
    server_default = sa.text(default) if default else None
    kind = sa.TIMESTAMP(timezone=True)
    return sa.Column(name, kind, nullable=nullable, server_default=server_default)


def _tenant(*, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(
        "tenant_id",
        sa.Text,
        sa.ForeignKey("tenants.id"),
        nullable=False,
        primary_key=primary_key,
    )


def _payment(*, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(
        "payment_id",
        sa.Text,
        sa.ForeignKey("payments.id"),
        nullable=False,
        primary_key=primary_key,
    )
