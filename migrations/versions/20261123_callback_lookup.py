"""The half of a callback token that finds its payment; the whole token is compared, not sought."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    first_half = sa.Computed("left(callback_token, 20)", persisted=True)
    op.add_column("payments", sa.Column("callback_lookup", sa.Text, first_half, nullable=False))
    op.create_unique_constraint("uq_payments_callback_lookup", "payments", ["callback_lookup"])
    op.drop_constraint("uq_payments_callback_token", "payments")


def downgrade() -> None:
    op.create_unique_constraint("uq_payments_callback_token", "payments", ["callback_token"])
    op.drop_column("payments", "callback_lookup")
