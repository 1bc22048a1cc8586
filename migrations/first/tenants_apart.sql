-- Row-level security: a transaction sees the rows of the tenant that it names. Every tenant's rows
-- are shown to the owner of the tables alone, who says so in a setting of its own (docs/adr/0007).

-- Not SECURITY DEFINER: within a function that is, the current user is the owner; elsewhere the
-- caller. `public` is written out, so that no temporary table stands in for ours.
CREATE FUNCTION sees_every_tenant() RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT current_setting('zampay.every_tenant', true) = 'on'
       AND pg_has_role(current_user, relowner, 'USAGE')
      FROM pg_catalog.pg_class WHERE oid = 'public.tenants'::regclass
$$;

DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'tenants', 'api_keys', 'audit_heads', 'audit_log', 'callbacks', 'discrepancies',
        'event_counters', 'events', 'idempotency_keys', 'proposals', 'transfer_metadata',
        'transfers', 'transitions', 'wallets', 'webhook_deliveries', 'webhook_endpoints'
    ] LOOP
        EXECUTE format($q$
            ALTER TABLE %1$I ENABLE ROW LEVEL SECURITY;
            ALTER TABLE %1$I FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant_isolation ON %1$I
                USING (%2$I = (SELECT current_setting('zampay.tenant_id', true))
                       OR (SELECT sees_every_tenant()))
                WITH CHECK (%2$I = (SELECT current_setting('zampay.tenant_id', true))
                            OR (SELECT sees_every_tenant()))
        $q$, name, CASE name WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END);
    END LOOP;
END $do$;

-- Operators are the owner's; signs of life belong to nobody: who names a tenant does not see them.
CREATE POLICY owner_only ON operators
    USING ((SELECT sees_every_tenant())) WITH CHECK ((SELECT sees_every_tenant()));
CREATE POLICY operators_only ON heartbeats
    USING ((SELECT coalesce(current_setting('zampay.tenant_id', true), '')) = '')
    WITH CHECK ((SELECT coalesce(current_setting('zampay.tenant_id', true), '')) = '');

-- What is found of the deployment's wallets concerns everybody, a merchant's wallet its merchant.
CREATE POLICY its_tenants_or_everybodys ON network_troubles
    USING (tenant_id IS NULL OR tenant_id = (SELECT current_setting('zampay.tenant_id', true))
           OR (SELECT sees_every_tenant()))
    WITH CHECK (tenant_id IS NULL
                OR tenant_id = (SELECT current_setting('zampay.tenant_id', true))
                OR (SELECT sees_every_tenant()));
ALTER TABLE network_troubles ENABLE ROW LEVEL SECURITY;
ALTER TABLE network_troubles FORCE ROW LEVEL SECURITY;

ALTER TABLE operators ENABLE ROW LEVEL SECURITY;
ALTER TABLE operators FORCE ROW LEVEL SECURITY;
ALTER TABLE heartbeats ENABLE ROW LEVEL SECURITY;
ALTER TABLE heartbeats FORCE ROW LEVEL SECURITY
