-- What is counted over all tenants, and what is found although a policy forbids the index for it.

-- One row of yes or no is all that the caller sees of other tenants' payments. The setting that
-- shows them is put back before it returns; an error ends the transaction anyway.
CREATE FUNCTION number_has_room(
    number text, max_open integer, max_per_minute integer, max_per_hour integer
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
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
    PERFORM set_config('zampay.every_tenant', 'on', true);
    SELECT count(*), count(*) FILTER (WHERE tenant_id = own) INTO open_all, open_own
        FROM transfers
        WHERE msisdn = number AND kind = 'payment' AND livemode
          AND state IN ('PENDING', 'SUBMITTING', 'UNCONFIRMED', 'PROCESSING');
    SELECT count(*) FILTER (WHERE created_at > now() - interval '1 minute'),
           count(*) FILTER (WHERE created_at > now() - interval '1 minute' AND tenant_id = own),
           count(*),
           count(*) FILTER (WHERE tenant_id = own)
        INTO minute_all, minute_own, hour_all, hour_own
        FROM transfers
        WHERE msisdn = number AND kind = 'payment' AND livemode
          AND created_at > now() - interval '1 hour';
    PERFORM set_config('zampay.every_tenant', '', true);
    RETURN open_all <= max_open AND open_own <= (max_open + 1) / 2
        AND minute_all <= max_per_minute AND minute_own <= (max_per_minute + 1) / 2
        AND hour_all <= max_per_hour AND hour_own <= (max_per_hour + 1) / 2;
END $$;

-- Below row-level security PostgreSQL uses no index for jsonb (its operators are not leakproof), so
-- each entry of `metadata` is kept as one digest too.
CREATE FUNCTION index_metadata() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.transfer_metadata (tenant_id, livemode, entry, created_at, transfer_id)
    SELECT NEW.tenant_id, NEW.livemode,
           encode(sha256(convert_to(m.key || chr(1) || m.value, 'UTF8')), 'hex'),
           NEW.created_at, NEW.id
      FROM jsonb_each_text(NEW.metadata) m;
    RETURN NULL;
END $$;
CREATE TRIGGER index_metadata AFTER INSERT ON transfers FOR EACH ROW
    WHEN (NEW.metadata <> '{}'::jsonb) EXECUTE FUNCTION index_metadata()
