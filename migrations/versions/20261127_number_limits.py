"""How often one number is asked, counted over all tenants without showing anybody's rows."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_number_limits"
down_revision = "20261127_key_pages"
branch_labels = None
depends_on = None

PROMPTING = "livemode AND state IN ('PENDING', 'SUBMITTING', 'UNCONFIRMED', 'PROCESSING')"

# One row of yes or no is all that the caller sees of other tenants' payments. The setting that
# names the tenant is put back before it returns; an error ends the transaction anyway.
HAS_ROOM = """
CREATE FUNCTION number_has_room(
    number text, max_open integer, max_per_minute integer, max_per_hour integer
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    own text := current_setting('zampay.tenant_id', true);
    open_all integer;
    open_own integer;
    minute_all integer;
    minute_own integer;
    hour_all integer;
    hour_own integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('number:' || number, 0));
    PERFORM set_config('zampay.tenant_id', '*', true);
    SELECT count(*), count(*) FILTER (WHERE tenant_id = own) INTO open_all, open_own
        FROM payments WHERE msisdn = number AND PROMPTING;
    SELECT count(*) FILTER (WHERE created_at > now() - interval '1 minute'),
           count(*) FILTER (WHERE created_at > now() - interval '1 minute' AND tenant_id = own),
           count(*),
           count(*) FILTER (WHERE tenant_id = own)
        INTO minute_all, minute_own, hour_all, hour_own
        FROM payments
        WHERE msisdn = number AND livemode AND created_at > now() - interval '1 hour';
    PERFORM set_config('zampay.tenant_id', own, true);
    RETURN open_all <= max_open AND open_own <= (max_open + 1) / 2
        AND minute_all <= max_per_minute AND minute_own <= (max_per_minute + 1) / 2
        AND hour_all <= max_per_hour AND hour_own <= (max_per_hour + 1) / 2;
END $$
""".replace("PROMPTING", PROMPTING)


def upgrade() -> None:
    op.create_index(
        "ix_payments_number_open", "payments", ["msisdn"], postgresql_where=sa.text(PROMPTING)
    )
    op.create_index(
        "ix_payments_number_recent",
        "payments",
        ["msisdn", "created_at"],
        postgresql_where=sa.text("livemode"),
    )
    op.execute(HAS_ROOM)


def downgrade() -> None:
    op.execute("DROP FUNCTION number_has_room(text, integer, integer, integer)")
    op.drop_index("ix_payments_number_recent", table_name="payments")
    op.drop_index("ix_payments_number_open", table_name="payments")
