"""One tenant at a time: every tenant's rows are shown to the owner of the tables alone, who says so
in a setting of its own; what a key is never changes; the headers of webhooks are encrypted.

Stop web and workers of the version before: it looks keys up by the setting that ends here.
"""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from zampay.infra import encryption

revision = "roles"
down_revision = "20261127_number_limits"
branch_labels = None
depends_on = None

OWNER_COLUMNS = {
    "tenants": "id",
    **dict.fromkeys(
        (
            "api_keys",
            "audit_log",
            "payments",
            "payment_moves",
            "payment_callbacks",
            "idempotency_keys",
            "discrepancies",
            "events",
            "event_counters",
            "webhook_endpoints",
            "webhook_deliveries",
        ),
        "tenant_id",
    ),
}

# Not SECURITY DEFINER: within a function that is, the current user is the owner; elsewhere the
# caller. `public` is written out, so that no temporary table stands in for ours.
SEES_EVERY_TENANT = """
CREATE FUNCTION sees_every_tenant() RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT current_setting('zampay.every_tenant', true) = 'on'
       AND pg_has_role(current_user, relowner, 'USAGE')
      FROM pg_catalog.pg_class WHERE oid = 'public.tenants'::regclass
$$
"""

ISOLATE = """
ALTER POLICY tenant_isolation ON {table}
    USING ({column} = (SELECT current_setting('zampay.tenant_id', true))
           OR (SELECT sees_every_tenant()))
    WITH CHECK ({column} = (SELECT current_setting('zampay.tenant_id', true))
                OR (SELECT sees_every_tenant()))
"""

ISOLATED_BEFORE = """
ALTER POLICY tenant_isolation ON {table}
    USING ((SELECT current_setting('zampay.tenant_id', true)) IN ({column}, '*'))
    WITH CHECK ((SELECT current_setting('zampay.tenant_id', true)) IN ({column}, '*'))
"""

# It counts over all tenants by the setting that means nothing any more.
NUMBER_LIMITS = """
DO $do$
BEGIN
    EXECUTE replace(replace(pg_get_functiondef('number_has_room'::regproc),
        $q$set_config('zampay.{before}', '{shown}', true)$q$,
        $q$set_config('zampay.{after}', '{show}', true)$q$),
        $q$set_config('zampay.{before}', {hidden}, true)$q$,
        $q$set_config('zampay.{after}', {hide}, true)$q$);
END $do$;
ALTER FUNCTION number_has_room SET search_path = pg_catalog, public, pg_temp
"""

KEEP_KEY = """
CREATE FUNCTION keep_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.tenant_id, NEW.livemode, NEW.hash, NEW.hint, NEW.scopes, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.tenant_id, OLD.livemode, OLD.hash, OLD.hint, OLD.scopes, OLD.created_at)
       OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
        RAISE EXCEPTION 'what a key is never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""

# Signs of life belong to nobody: whoever named a tenant does not see them.
HEARTBEATS = """
ALTER POLICY operators_only ON heartbeats
    USING ((SELECT coalesce(current_setting('zampay.tenant_id', true), '')) {whose})
    WITH CHECK ((SELECT coalesce(current_setting('zampay.tenant_id', true), '')) {whose})
"""


def upgrade() -> None:
    _convert_headers("headers", "sealed_headers", encryption.encrypt)
    op.execute(SEES_EVERY_TENANT)
    for table, column in OWNER_COLUMNS.items():
        op.execute(ISOLATE.format(table=table, column=column))
    op.execute(HEARTBEATS.format(whose="= ''"))
    tenant = {"shown": "*", "hidden": "own"}
    every = {"show": "on", "hide": "''"}
    op.execute(NUMBER_LIMITS.format(before="tenant_id", after="every_tenant", **tenant, **every))
    op.execute(KEEP_KEY)
    op.execute(
        "CREATE TRIGGER keep_key BEFORE UPDATE ON api_keys FOR EACH ROW EXECUTE FUNCTION keep_key()"
    )


def downgrade() -> None:
    _convert_headers("sealed_headers", "headers", encryption.decrypt)
    op.execute("DROP TRIGGER keep_key ON api_keys")
    op.execute("DROP FUNCTION keep_key()")
    every = {"shown": "on", "hidden": "''"}
    tenant = {"show": "*", "hide": "own"}
    op.execute(NUMBER_LIMITS.format(before="every_tenant", after="tenant_id", **every, **tenant))
    op.execute(HEARTBEATS.format(whose="= '*'"))
    for table, column in OWNER_COLUMNS.items():
        op.execute(ISOLATED_BEFORE.format(table=table, column=column))
    op.execute("DROP FUNCTION sees_every_tenant()")


def _convert_headers(before: str, after: str, convert: Callable[[str], str]) -> None:
    """Each header's value, under the key of the program that migrates."""
    op.alter_column("webhook_endpoints", before, new_column_name=after)
    endpoints = sa.table("webhook_endpoints", sa.column("id"), sa.column(after, JSONB))
    link = op.get_bind()
    for endpoint_id, headers in link.execute(sa.select(endpoints)).all():
        if headers:
            values = {after: {name: convert(value) for name, value in headers.items()}}
            link.execute(sa.update(endpoints).where(endpoints.c.id == endpoint_id).values(values))
