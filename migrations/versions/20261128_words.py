"""Name columns with the words of the code: polls, repoll_at, processed_at."""

from alembic import op

revision = "20261128_words"
down_revision = "20261128_network_account"
branch_labels = None
depends_on = None

NAMES = (
    ("payments", "looks", "polls"),
    ("payments", "recheck_at", "repoll_at"),
    ("payment_callbacks", "heeded_at", "processed_at"),
)


def upgrade() -> None:
    for table, before, now in NAMES:
        op.alter_column(table, before, new_column_name=now)
    op.execute("ALTER INDEX ix_payments_to_enquire RENAME TO ix_payments_to_poll")


def downgrade() -> None:
    op.execute("ALTER INDEX ix_payments_to_poll RENAME TO ix_payments_to_enquire")
    for table, before, now in NAMES:
        op.alter_column(table, now, new_column_name=before)
