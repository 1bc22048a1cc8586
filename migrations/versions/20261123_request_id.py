"""The id of the request that asked for a payment, for the logs of whoever works on it later."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("request_id", sa.Text))


def downgrade() -> None:
    op.drop_column("payments", "request_id")
