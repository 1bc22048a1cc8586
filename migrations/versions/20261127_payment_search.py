"""Indexes for every way to look for payments, and their metadata as rows that an index can find.

Below row-level security PostgreSQL uses no index for jsonb (its operators are not leakproof), so
each entry of `metadata` is kept as one digest too, written by a trigger.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_payment_search"
down_revision = "20261127_doubt"
branch_labels = None
depends_on = None

ENTRIES = """
    SELECT p.tenant_id, p.livemode,
           encode(sha256(convert_to(m.key || chr(1) || m.value, 'UTF8')), 'hex'),
           p.created_at, p.id
      FROM {payments} p, jsonb_each_text(p.metadata) m
"""
COLUMNS = "(tenant_id, livemode, entry, created_at, payment_id)"


def upgrade() -> None:
    op.create_index(
        "ix_payments_state", "payments", ["tenant_id", "livemode", "state", "created_at", "id"]
    )
    op.create_index(
        "ix_payments_provider",
        "payments",
        ["tenant_id", "livemode", "provider", "created_at", "id"],
    )
    op.create_index(
        "ix_payments_msisdn", "payments", ["msisdn", "tenant_id", "livemode", "created_at", "id"]
    )
    op.create_index(
        "ix_payments_transaction",
        "payments",
        ["provider_transaction_id"],
        postgresql_where=sa.text("provider_transaction_id IS NOT NULL"),
    )
    op.create_table(
        "payment_metadata",
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), primary_key=True),
        sa.Column("livemode", sa.Boolean, primary_key=True, autoincrement=False),
        sa.Column("entry", sa.Text, primary_key=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), primary_key=True, autoincrement=False),
        sa.Column("payment_id", sa.Text, sa.ForeignKey("payments.id"), primary_key=True),
    )
    op.execute("SELECT set_config('zampay.every_tenant', 'on', true)")
    op.execute(f"INSERT INTO payment_metadata {COLUMNS} {ENTRIES.format(payments='payments')}")
    op.execute(
        """
        ALTER TABLE payment_metadata ENABLE ROW LEVEL SECURITY;
        ALTER TABLE payment_metadata FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant_isolation ON payment_metadata
            USING (tenant_id = (SELECT current_setting('zampay.tenant_id', true))
                   OR (SELECT sees_every_tenant()))
            WITH CHECK (tenant_id = (SELECT current_setting('zampay.tenant_id', true))
                        OR (SELECT sees_every_tenant()))
        """
    )
    new_row = ENTRIES.format(payments="(SELECT NEW.*)")
    op.execute(
        f"""
        CREATE FUNCTION index_metadata() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO public.payment_metadata {COLUMNS} {new_row};
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER index_metadata AFTER INSERT ON payments FOR EACH ROW "
        "WHEN (NEW.metadata <> '{}'::jsonb) EXECUTE FUNCTION index_metadata()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER index_metadata ON payments")
    op.execute("DROP FUNCTION index_metadata()")
    op.drop_table("payment_metadata")
    for name in ("transaction", "msisdn", "provider", "state"):
        op.drop_index(f"ix_payments_{name}", table_name="payments")
