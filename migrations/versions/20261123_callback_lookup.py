"""The half of a callback token that finds its payment; the whole token is compared, not sought."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The index is not unique, although its values are: a change of a row with a computed unique
    # column locks out the foreign keys of others, and callbacks at once would wait in a ring.
    first_half = sa.Computed("left(callback_token, 20)", persisted=True)
    op.add_column("payments", sa.Column("callback_lookup", sa.Text, first_half, nullable=False))
    op.create_index("ix_payments_callback_lookup", "payments", ["callback_lookup"])


def downgrade() -> None:
    op.drop_column("payments", "callback_lookup")
