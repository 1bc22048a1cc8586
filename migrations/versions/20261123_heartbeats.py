"""The last sign of life of workers and beat."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OPERATORS_ONLY = """
ALTER TABLE heartbeats ENABLE ROW LEVEL SECURITY;
ALTER TABLE heartbeats FORCE ROW LEVEL SECURITY;
CREATE POLICY operators_only ON heartbeats
    USING ((SELECT current_setting('zampay.tenant_id', true)) = '*')
    WITH CHECK ((SELECT current_setting('zampay.tenant_id', true)) = '*')
"""


def upgrade() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("role", sa.Text, primary_key=True),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    )
    op.execute(OPERATORS_ONLY)


def downgrade() -> None:
    op.drop_table("heartbeats")
