"""Webhook endpoints and deliveries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("webhook_endpoints", "webhook_deliveries")
ISOLATE = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON {table}
    USING ((SELECT current_setting('zampay.tenant_id', true)) IN (tenant_id, '*'))
    WITH CHECK ((SELECT current_setting('zampay.tenant_id', true)) IN (tenant_id, '*'))
"""


def upgrade() -> None:
    _endpoints()
    _deliveries()
    for table in TABLES:
        op.execute(ISOLATE.format(table=table))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("livemode", sa.Boolean, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("event_types", ARRAY(sa.Text), nullable=False),
        sa.Column("headers", JSONB, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("disabled_reason", sa.Text),
        sa.Column("sealed_secret", sa.Text, nullable=False),
        sa.Column("sealed_previous_secret", sa.Text),
        sa.Column("previous_secret_ends_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("failing_since", sa.TIMESTAMP(timezone=True)),
        sa.Column("latency_ms", sa.Integer),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_index(
        "ix_webhook_endpoints_tenant_id_livemode", "webhook_endpoints", ["tenant_id", "livemode"]
    )


def _deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("endpoint_id", sa.Text, sa.ForeignKey("webhook_endpoints.id"), nullable=False),
        sa.Column("event_id", sa.Text, sa.ForeignKey("events.id"), nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("leased_until", sa.TIMESTAMP(timezone=True)),
        sa.Column("last_attempt_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("answer_status", sa.Integer),
        sa.Column("answer_text", sa.Text),
        sa.Column("latency_ms", sa.Integer),
        sa.Column("delivered_at", sa.TIMESTAMP(timezone=True)),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            nullable=False,
            server_default=sa.text("clock_timestamp()"),
        ),
        sa.UniqueConstraint(
            "endpoint_id", "event_id", name="uq_webhook_deliveries_endpoint_id_event_id"
        ),
        sa.CheckConstraint(
            "status IN ('PENDING', 'DELIVERED', 'EXHAUSTED', 'CANCELLED')",
            name="status_legal",
        ),
        sa.CheckConstraint(
            "(status = 'PENDING') = (due_at IS NOT NULL)",
            name="due_iff_pending",
        ),
    )
    op.create_index(
        "ix_webhook_deliveries_owed",
        "webhook_deliveries",
        ["endpoint_id", "due_at"],
        postgresql_where="due_at IS NOT NULL",
    )
    op.create_index(
        "ix_webhook_deliveries_under_way",
        "webhook_deliveries",
        ["endpoint_id"],
        postgresql_where="leased_until IS NOT NULL",
    )
    op.create_index(
        "ix_webhook_deliveries_age", "webhook_deliveries", ["created_at"], postgresql_using="brin"
    )
    op.create_index(
        "ix_webhook_deliveries_page", "webhook_deliveries", ["endpoint_id", "created_at", "id"]
    )
    op.create_index("ix_webhook_deliveries_event_id", "webhook_deliveries", ["event_id"])
