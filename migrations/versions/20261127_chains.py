"""What was recorded stays: nothing append-only is emptied, and each line of the audit log and of a
payment's history carries a hash over itself and the line before it (docs/adr/0008).
"""

import sqlalchemy as sa
from alembic import op

revision = "chains"
down_revision = "roles"
branch_labels = None
depends_on = None

NEVER_EMPTIED = (
    "tenants",
    "api_keys",
    "audit_log",
    "payments",
    "payment_moves",
    "payment_callbacks",
    "idempotency_keys",
    "discrepancies",
    "events",
    "event_counters",
)
# Columns that never change, of tables in which others do.
KEPT = {
    "tenants": "id, created_at",
    "payment_callbacks": "id, tenant_id, payment_id, body_digest, body, method, address,"
    " received_at",
    "idempotency_keys": "tenant_id, livemode, key, request_digest, payment_id, created_at",
    "discrepancies": "id, tenant_id, payment_id, kind, ours, theirs",
    "event_counters": "tenant_id, livemode",
}

KEEP_COLUMNS = """
CREATE FUNCTION keep_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR ({new}) IS DISTINCT FROM ({old}) {more} THEN
        RAISE EXCEPTION '% is never deleted or rewritten', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_columns BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION keep_{table}()
"""

PARTS = """
CREATE FUNCTION chain_part(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(char_length(value) || ':' || value, '-') || ','
$$;
CREATE FUNCTION chain_time(value timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT public.chain_part((extract(epoch FROM value) * 1000000)::bigint::text)
$$;
CREATE FUNCTION chain_json(value jsonb) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    kind text := jsonb_typeof(value);
    plain text := value #>> '{}';
BEGIN
    IF kind = 'number' AND plain !~ '^-?[0-9]+$' THEN
        RAISE EXCEPTION 'only whole numbers are recorded' USING ERRCODE = 'restrict_violation';
    ELSIF kind = 'array' THEN
        SELECT string_agg(public.chain_json(item), '' ORDER BY place) INTO plain
          FROM jsonb_array_elements(value) WITH ORDINALITY AS one (item, place);
    ELSIF kind = 'object' THEN
        SELECT string_agg(public.chain_part(name) || public.chain_json(item), ''
                          ORDER BY name COLLATE "C") INTO plain
          FROM jsonb_each(value) AS one (name, item);
    END IF;
    RETURN kind || ':' || public.chain_part(coalesce(plain, ''));
END $$
"""

MOVES = """
CREATE FUNCTION move_hash(line payment_moves, previous text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(
        public.chain_part('zampay history 1') || public.chain_part(previous)
        || public.chain_part(line.payment_id) || public.chain_part(line.position::text)
        || public.chain_part(line.source) || public.chain_part(line.target)
        || public.chain_part(line.evidence) || public.chain_part(line.detail)
        || public.chain_time(line.at), 'UTF8')), 'hex')
$$;
CREATE FUNCTION chain_move() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    previous text := '';
BEGIN
    IF NEW.position > 1 THEN
        SELECT m.hash INTO previous FROM public.payment_moves m
         WHERE m.payment_id = NEW.payment_id AND m.position = NEW.position - 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'a line of the history is missing' USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    NEW.hash := public.move_hash(NEW, previous);
    RETURN NEW;
END $$
"""

# As the owner: nobody else may touch the head, whose row makes writers of one tenant take turns.
AUDIT = """
CREATE FUNCTION audit_hash(line audit_log, previous text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(
        public.chain_part('zampay audit 1') || public.chain_part(previous)
        || public.chain_part(line.tenant_id) || public.chain_part(line.position::text)
        || public.chain_time(line.at) || public.chain_part(line.action)
        || public.chain_part(line.actor) || public.chain_part(line.address)
        || public.chain_part(line.subject) || public.chain_json(line.details), 'UTF8')), 'hex')
$$;
CREATE FUNCTION chain_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    previous text;
BEGIN
    INSERT INTO public.audit_heads (tenant_id, position, hash) VALUES (NEW.tenant_id, 0, '')
        ON CONFLICT DO NOTHING;
    SELECT h.position + 1, h.hash INTO NEW.position, previous FROM public.audit_heads h
     WHERE h.tenant_id = NEW.tenant_id FOR UPDATE;
    NEW.hash := public.audit_hash(NEW, previous);
    UPDATE public.audit_heads SET position = NEW.position, hash = NEW.hash
     WHERE tenant_id = NEW.tenant_id;
    RETURN NEW;
END $$
"""

HEADS = """
ALTER TABLE audit_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_heads FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON audit_heads
    USING (tenant_id = (SELECT current_setting('zampay.tenant_id', true))
           OR (SELECT sees_every_tenant()))
    WITH CHECK (tenant_id = (SELECT current_setting('zampay.tenant_id', true))
                OR (SELECT sees_every_tenant()))
"""

# What is there already gets its place in the chain; the guards are off for that.
FILL = """
ALTER TABLE payment_moves DISABLE TRIGGER USER;
ALTER TABLE audit_log DISABLE TRIGGER USER;
DO $$
DECLARE
    whole payment_moves;
    entry audit_log;
    previous text;
    place bigint;
    of_whom text;
BEGIN
    FOR whole IN SELECT * FROM payment_moves ORDER BY payment_id, position LOOP
        previous := CASE WHEN whole.payment_id = of_whom THEN previous ELSE '' END;
        of_whom := whole.payment_id;
        previous := move_hash(whole, previous);
        UPDATE payment_moves SET hash = previous
         WHERE payment_id = whole.payment_id AND position = whole.position;
    END LOOP;
    UPDATE audit_log SET details = jsonb_set(details, '{overlap_s}',
        to_jsonb(round((details ->> 'overlap_s')::numeric)::bigint)) WHERE details ? 'overlap_s';
    of_whom := NULL;
    FOR entry IN SELECT * FROM audit_log ORDER BY tenant_id, id LOOP
        IF entry.tenant_id IS DISTINCT FROM of_whom THEN
            previous := '';
            place := 0;
        END IF;
        of_whom := entry.tenant_id;
        place := place + 1;
        entry.position := place;
        previous := audit_hash(entry, previous);
        UPDATE audit_log SET position = place, hash = previous WHERE id = entry.id;
        INSERT INTO audit_heads (tenant_id, position, hash) VALUES (of_whom, place, previous)
            ON CONFLICT (tenant_id) DO UPDATE SET position = place, hash = previous;
    END LOOP;
END $$;
ALTER TABLE payment_moves ENABLE TRIGGER USER;
ALTER TABLE audit_log ENABLE TRIGGER USER
"""


def upgrade() -> None:
    _columns()
    op.execute(PARTS)
    op.execute(MOVES)
    op.execute(AUDIT)
    op.execute(HEADS)
    op.execute(FILL)
    op.alter_column("payment_moves", "hash", nullable=False)
    op.alter_column("audit_log", "hash", nullable=False)
    op.alter_column("audit_log", "position", nullable=False)
    op.create_unique_constraint(
        "uq_audit_log_tenant_id_position", "audit_log", ["tenant_id", "position"]
    )
    op.create_index("ix_payment_moves_at", "payment_moves", ["at"], postgresql_using="brin")
    for table, function in (("payment_moves", "chain_move"), ("audit_log", "chain_audit")):
        op.execute(
            f"CREATE TRIGGER chain BEFORE INSERT ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
    _guards()


def downgrade() -> None:
    for table in (*NEVER_EMPTIED, "audit_heads"):
        op.execute(f"DROP TRIGGER never_emptied ON {table}")
    for table in (*KEPT, "audit_heads"):
        op.execute(f"DROP TRIGGER keep_columns ON {table}")
        op.execute(f"DROP FUNCTION keep_{table}()")
    for table in ("payment_moves", "audit_log"):
        op.execute(f"DROP TRIGGER chain ON {table}")
    for function in ("chain_audit()", "audit_hash", "chain_move()", "move_hash"):
        op.execute(f"DROP FUNCTION {function}")
    for function in ("chain_json", "chain_time", "chain_part"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_index("ix_payment_moves_at", "payment_moves")
    op.drop_column("payment_moves", "hash")
    op.drop_column("audit_log", "hash")
    op.drop_column("audit_log", "position")
    op.drop_table("audit_heads")


def _columns() -> None:
    op.add_column("payment_moves", sa.Column("hash", sa.Text))
    op.add_column("audit_log", sa.Column("position", sa.BigInteger))
    op.add_column("audit_log", sa.Column("hash", sa.Text))
    op.create_table(
        "audit_heads",
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )


def _guards() -> None:
    for table, columns in {**KEPT, "audit_heads": "tenant_id"}.items():
        names = columns.split(", ")
        more = {
            "event_counters": "OR NEW.last <= OLD.last",
            "audit_heads": "OR NEW.position <> OLD.position + 1",
        }
        op.execute(
            KEEP_COLUMNS.format(
                table=table,
                new=", ".join(f"NEW.{name}" for name in names),
                old=", ".join(f"OLD.{name}" for name in names),
                more=more.get(table, ""),
            )
        )
    for table in (*NEVER_EMPTIED, "audit_heads"):
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
