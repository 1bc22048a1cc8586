"""What doubt is judged by: when a callback came, when the last byte of a send could go out, when
sending was first tried, who is at the row, the poll that was planned, and whether the network has
contradicted us.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_doubt"
down_revision = "chains"
branch_labels = None
depends_on = None

TIMES = ("first_tried_at", "last_byte_at", "called_back_at", "leased_until", "planned_at")
FILL = """
UPDATE payments SET
    first_tried_at = (SELECT min(m.at) FROM payment_moves m
                       WHERE m.payment_id = payments.id AND m.target = 'SUBMITTING'),
    called_back_at = (SELECT max(c.received_at) FROM payment_callbacks c
                       WHERE c.payment_id = payments.id),
    in_dispute = EXISTS (SELECT FROM discrepancies d WHERE d.payment_id = payments.id
                          AND (d.resolved_at IS NULL OR d.kind = 'contrary_ending')),
    recheck_at = CASE WHEN due_at IS NOT NULL THEN recheck_at END
"""


def upgrade() -> None:
    for name in TIMES:
        op.add_column("payments", sa.Column(name, sa.TIMESTAMP(timezone=True)))
    false = sa.Column("in_dispute", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("payments", false)
    op.execute("SELECT set_config('zampay.every_tenant', 'on', true)")
    op.execute(FILL)


def downgrade() -> None:
    for name in (*TIMES, "in_dispute"):
        op.drop_column("payments", name)
