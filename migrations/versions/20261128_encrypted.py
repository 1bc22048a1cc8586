"""Say encrypted in the names of columns that hold what is encrypted."""

from alembic import op

revision = "20261128_encrypted"
down_revision = "20261127_turns"
branch_labels = None
depends_on = None
COLUMNS = ("headers", "secret", "previous_secret")


def upgrade() -> None:
    _rename("sealed", "encrypted")


def downgrade() -> None:
    _rename("encrypted", "sealed")


def _rename(before: str, after: str) -> None:
    for column in COLUMNS:
        op.alter_column(
            "webhook_endpoints", f"{before}_{column}", new_column_name=f"{after}_{column}"
        )
