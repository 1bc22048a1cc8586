"""Indexes that find each merchant's next due payment of a stream without reading the others."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_turns"
down_revision = "operators"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS public.due_payments(integer)")
    op.create_index(
        "ix_payments_to_submit",
        "payments",
        ["provider", "livemode", "tenant_id", "created_at", "due_at"],
        postgresql_where=sa.text("state = 'PENDING'"),
    )
    op.create_index(
        "ix_payments_to_enquire",
        "payments",
        ["provider", "livemode", "tenant_id", "due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL AND state <> 'PENDING'"),
    )


def downgrade() -> None:
    op.drop_index("ix_payments_to_enquire", table_name="payments")
    op.drop_index("ix_payments_to_submit", table_name="payments")
