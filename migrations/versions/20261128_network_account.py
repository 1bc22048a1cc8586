"""Which account at the network a payment was sent by: another one cannot know it."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_network_account"
down_revision = "20261128_encrypted"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("network_account", sa.Text))


def downgrade() -> None:
    op.drop_column("payments", "network_account")
