-- What was accepted, recorded or ended stays: triggers refuse what only a defect could ask for.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['audit_log', 'events', 'transitions'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I'
                       ' FOR EACH ROW EXECUTE FUNCTION refuse_change()', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY[
        'tenants', 'api_keys', 'audit_heads', 'audit_log', 'callbacks', 'discrepancies',
        'event_counters', 'events', 'idempotency_keys', 'network_troubles', 'operators', 'proposals',
        'transfers', 'transitions', 'wallets'
    ] LOOP
        EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
    END LOOP;
END $do$;

CREATE FUNCTION keep_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'transfers are never deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.id, NEW.tenant_id, NEW.kind, NEW.parent_id, NEW.livemode, NEW.external_id, NEW.provider,
        NEW.wallet_id, NEW.wallet_choice, NEW.provider_reference, NEW.amount_minor, NEW.currency, NEW.msisdn,
        NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.tenant_id, OLD.kind, OLD.parent_id, OLD.livemode, OLD.external_id, OLD.provider,
        OLD.wallet_id, OLD.wallet_choice, OLD.provider_reference, OLD.amount_minor, OLD.currency, OLD.msisdn,
        OLD.created_at) THEN
        RAISE EXCEPTION 'what was accepted never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state IN ('SUCCESSFUL', 'FAILED') AND
       (NEW.state, NEW.failure, NEW.provider_transaction_id, NEW.completed_at, NEW.position)
       IS DISTINCT FROM
       (OLD.state, OLD.failure, OLD.provider_transaction_id, OLD.completed_at, OLD.position) THEN
        RAISE EXCEPTION 'final is final' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_final BEFORE UPDATE OR DELETE ON transfers
    FOR EACH ROW EXECUTE FUNCTION keep_final();

CREATE FUNCTION keep_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.tenant_id, NEW.livemode, NEW.hash, NEW.hint, NEW.scopes, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.tenant_id, OLD.livemode, OLD.hash, OLD.hint, OLD.scopes, OLD.created_at)
       OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
        RAISE EXCEPTION 'what a key is never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_key BEFORE UPDATE ON api_keys FOR EACH ROW EXECUTE FUNCTION keep_key();

CREATE FUNCTION keep_proposal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.approved_by IS NOT NULL
       OR (NEW.id, NEW.tenant_id, NEW.transfer_id, NEW.action, NEW.details, NEW.reason,
           NEW.proposed_by, NEW.proposed_at, NEW.expires_at)
          IS DISTINCT FROM
          (OLD.id, OLD.tenant_id, OLD.transfer_id, OLD.action, OLD.details, OLD.reason,
           OLD.proposed_by, OLD.proposed_at, OLD.expires_at) THEN
        RAISE EXCEPTION 'a proposal is approved once and never rewritten'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_proposal BEFORE UPDATE OR DELETE ON proposals
    FOR EACH ROW EXECUTE FUNCTION keep_proposal();

-- Columns that never change, of tables in which others do.
DO $do$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM (VALUES
        ('tenants', 'id, created_at', 'false'),
        ('callbacks', 'id, tenant_id, transfer_id, body_digest, body, method, address, verified,'
         ' received_at',
         'false'),
        ('idempotency_keys', 'tenant_id, livemode, key, request_digest, transfer_id, created_at',
         'false'),
        ('discrepancies', 'id, tenant_id, transfer_id, kind, ours, theirs', 'false'),
        ('event_counters', 'tenant_id, livemode', 'NEW.last <= OLD.last'),
        ('wallets', 'id, tenant_id, provider, callback_token, created_at',
         $q$NEW.credentials_version < OLD.credentials_version
            OR OLD.status = 'DISABLED' AND NEW.status <> 'DISABLED'$q$),
        ('network_troubles', 'id, provider, wallet_id, tenant_id, began_at',
         'OLD.ended_at IS DISTINCT FROM NEW.ended_at AND OLD.ended_at IS NOT NULL'
         ' OR NEW.told < OLD.told'),
        ('audit_heads', 'tenant_id', 'NEW.position <> OLD.position + 1')
    ) AS kept (name, columns, refused) LOOP
        EXECUTE format($q$
            CREATE FUNCTION keep_%1$s() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'DELETE' OR (%2$s) IS DISTINCT FROM (%3$s) OR %4$s THEN
                    RAISE EXCEPTION '%% is never deleted or rewritten', TG_TABLE_NAME
                        USING ERRCODE = 'restrict_violation';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER keep_columns BEFORE UPDATE OR DELETE ON %1$I
                FOR EACH ROW EXECUTE FUNCTION keep_%1$s()
        $q$, one.name, regexp_replace(one.columns, '(\w+)', 'NEW.\1', 'g'),
             regexp_replace(one.columns, '(\w+)', 'OLD.\1', 'g'), one.refused);
    END LOOP;
END $do$
