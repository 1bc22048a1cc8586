"""Indexes for pages of keys, for counting those that can be used, and for a key's successor."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_key_pages"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_api_keys_page", "api_keys", ["tenant_id", "created_at", "id"])
    op.create_index(
        "ix_api_keys_not_revoked",
        "api_keys",
        ["tenant_id"],
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.drop_index("ix_api_keys_tenant_id", table_name="api_keys")
    op.create_index(
        "ix_audit_log_rotated",
        "audit_log",
        ["tenant_id", "subject"],
        postgresql_where=sa.text("action = 'key.rotated'"),
    )


def downgrade() -> None:
    op.drop_index("ix_audit_log_rotated", table_name="audit_log")
    op.create_index("ix_api_keys_tenant_id", "api_keys", ["tenant_id"])
    op.drop_index("ix_api_keys_not_revoked", table_name="api_keys")
    op.drop_index("ix_api_keys_page", table_name="api_keys")
