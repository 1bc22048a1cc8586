"""Operators who prove who they are, and proposals that another one approves (docs/adr/0011)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "operators"
down_revision = "20261127_payment_search"
branch_labels = None
depends_on = None

MOMENT = sa.TIMESTAMP(timezone=True)

# Operators are the owner's: the gateway's role has no right to either table.
POLICIES = """
ALTER TABLE operators ENABLE ROW LEVEL SECURITY;
ALTER TABLE operators FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_only ON operators
    USING ((SELECT sees_every_tenant())) WITH CHECK ((SELECT sees_every_tenant()));
ALTER TABLE proposals ENABLE ROW LEVEL SECURITY;
ALTER TABLE proposals FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON proposals
    USING (tenant_id = (SELECT current_setting('zampay.tenant_id', true))
           OR (SELECT sees_every_tenant()))
    WITH CHECK (tenant_id = (SELECT current_setting('zampay.tenant_id', true))
                OR (SELECT sees_every_tenant()))
"""

KEEP_PROPOSAL = """
CREATE FUNCTION keep_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.approved_by IS NOT NULL
       OR (NEW.id, NEW.tenant_id, NEW.payment_id, NEW.action, NEW.details, NEW.reason,
           NEW.proposed_by, NEW.proposed_at, NEW.expires_at)
          IS DISTINCT FROM
          (OLD.id, OLD.tenant_id, OLD.payment_id, OLD.action, OLD.details, OLD.reason,
           OLD.proposed_by, OLD.proposed_at, OLD.expires_at) THEN
        RAISE EXCEPTION 'a proposal is approved once and never rewritten'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_proposal BEFORE UPDATE OR DELETE ON proposals
    FOR EACH ROW EXECUTE FUNCTION keep_proposal()
"""


def upgrade() -> None:
    op.create_table(
        "operators",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("token_hash", sa.Text, nullable=False),
        sa.Column("approved_by", ARRAY(sa.Text), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("removed_at", MOMENT),
        sa.UniqueConstraint("token_hash", name="uq_operators_token_hash"),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9.-]{1,31}$'", name="name_plain"),
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("payment_id", sa.Text, sa.ForeignKey("payments.id"), nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("details", JSONB, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("approved_by", sa.Text),
        sa.Column("approved_at", MOMENT),
        sa.CheckConstraint("approved_by <> proposed_by", name="two_people"),
    )
    op.execute(POLICIES)
    op.execute(KEEP_PROPOSAL)
    for table in ("operators", "proposals"):
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_table("proposals")
    op.drop_table("operators")
    op.execute("DROP FUNCTION keep_proposal()")
