"""When an ending that networks have been seen to take back is looked at once more, so that a look
that a callback brings forward does not stand for it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("recheck_at", sa.TIMESTAMP(timezone=True)))


def downgrade() -> None:
    op.drop_column("payments", "recheck_at")
