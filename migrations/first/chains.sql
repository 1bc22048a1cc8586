-- Each line of the audit log and of a transfer's history carries a hash over itself and the line
-- before it (docs/adr/0008); `zampay/kernel/chain.py` computes the same.

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
END $$;

CREATE FUNCTION transition_hash(line transitions, previous text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(
        public.chain_part('zampay history 1') || public.chain_part(previous)
        || public.chain_part(line.transfer_id) || public.chain_part(line.position::text)
        || public.chain_part(line.source) || public.chain_part(line.target)
        || public.chain_part(line.evidence) || public.chain_part(line.detail)
        || public.chain_time(line.at), 'UTF8')), 'hex')
$$;
CREATE FUNCTION chain_transition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    previous text := '';
BEGIN
    IF NEW.position > 1 THEN
        SELECT t.hash INTO previous FROM public.transitions t
         WHERE t.transfer_id = NEW.transfer_id AND t.position = NEW.position - 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'a line of the history is missing' USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    NEW.hash := public.transition_hash(NEW, previous);
    RETURN NEW;
END $$;
CREATE TRIGGER chain BEFORE INSERT ON transitions
    FOR EACH ROW EXECUTE FUNCTION chain_transition();

CREATE FUNCTION audit_hash(line audit_log, previous text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(
        public.chain_part('zampay audit 1') || public.chain_part(previous)
        || public.chain_part(line.tenant_id) || public.chain_part(line.position::text)
        || public.chain_time(line.at) || public.chain_part(line.action)
        || public.chain_part(line.actor) || public.chain_part(line.address)
        || public.chain_part(line.subject) || public.chain_json(line.details), 'UTF8')), 'hex')
$$;
-- As the owner: nobody else may touch the head, whose row makes writers of one tenant take turns.
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
END $$;
CREATE TRIGGER chain BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION chain_audit()
