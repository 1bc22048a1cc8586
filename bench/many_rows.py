"""Fills a database as months of payments would: one merchant's payments, nearly all of them ended,
and work that is due for twenty others.
"""

from typing import Final

import psycopg

from dev.servers import as_postgresql
from dev.stack import Stack
from zampay.kernel import ids

OTHERS: Final = 20
DAYS: Final = 30
WALLET: Final = ids.new("wal")
_ALPHABET = f"'{ids.ALPHABET}'"


def _id(prefix: str) -> str:
    """SQL of an id as `ids.new` makes it, from `ms`: milliseconds since 1970."""
    digits = (
        f"substr({_ALPHABET}, (ms >> {5 * place} & 31)::integer + 1, 1)"
        for place in reversed(range(10))
    )
    return f"'{prefix}_' || {' || '.join(digits)} || left(md5(random()::text), 16)"


_COLUMNS = """
    id, tenant_id, kind, livemode, external_id, request_digest, provider, wallet_id, wallet_choice,
    provider_reference, callback_token, amount_minor, currency, msisdn, payer_message, payee_note,
    metadata, state, position, due_at, planned_at, submissions, polls, in_doubt, first_tried_at,
    submitted_at, acknowledged_at, failure, provider_transaction_id, created_at, updated_at,
    completed_at
"""
_ENDED = f"""
    INSERT INTO transfers ({_COLUMNS})
    SELECT {_id("pay")}, %(tenant)s, 'payment', true, 'order-' || number, md5(number::text),
           CASE number %% 4 WHEN 0 THEN 'AIRTEL' ELSE 'MTN' END,
           CASE number %% 5 WHEN 0 THEN %(wallet)s ELSE 'deployment' END,
           CASE number %% 5 WHEN 0 THEN 'own' ELSE 'shared' END,
           gen_random_uuid()::text, md5(random()::text), 100 + number %% 100000, 'ZMW',
           '26096' || lpad((number %% (%(rows)s / 10))::text, 7, '0'), '', '',
           CASE number %% 10 WHEN 0 THEN jsonb_build_object('order', number::text) ELSE '{{}}' END,
           CASE number %% 20 WHEN 0 THEN 'FAILED' ELSE 'SUCCESSFUL' END, 4, NULL, NULL, 1, 1, false,
           at, at, at,
           CASE number %% 20 WHEN 0 THEN %(failure)s::jsonb END,
           'net-' || number, at, at + interval '20 s', at + interval '20 s'
      FROM generate_series(1, %(rows)s) AS g (number)
     CROSS JOIN LATERAL (
           SELECT at, (extract(epoch FROM at) * 1000)::bigint
             FROM (SELECT now() - interval '{DAYS} days' * (1 - number::float / %(rows)s)) AS o (at)
           OFFSET 0) AS t (at, ms)
"""  # noqa: S608 - our own words
_DUE = f"""
    INSERT INTO transfers ({_COLUMNS})
    SELECT {_id("pay")}, (%(tenants)s::text[])[number %% {OTHERS} + 1], 'payment', true,
           'order-' || number, md5(number::text), 'MTN', 'deployment', 'shared',
           gen_random_uuid()::text, md5(random()::text), 1000, 'ZMW',
           '26096' || lpad((number %% 10000000)::text, 7, '0'), '', '', '{{}}',
           CASE number / {OTHERS} %% 2 WHEN 0 THEN 'PENDING' ELSE 'PROCESSING' END, 1, at, at,
           number / {OTHERS} %% 2, 0, false, NULL, NULL, NULL, NULL, NULL, at, at, NULL
      FROM generate_series(1, %(due)s) AS g (number)
     CROSS JOIN LATERAL (
           SELECT at, (extract(epoch FROM at) * 1000)::bigint
             FROM (SELECT now() - interval '1 hour' * (1 - number::float / %(due)s)) AS o (at)
           OFFSET 0) AS t (at, ms)
"""  # noqa: S608 - our own words
_METADATA = """
    INSERT INTO transfer_metadata (tenant_id, livemode, entry, created_at, transfer_id)
    SELECT tenant_id, livemode,
           encode(sha256(convert_to('order' || chr(1) || (metadata ->> 'order'), 'UTF8')), 'hex'),
           created_at, id
      FROM transfers WHERE metadata <> '{}'
"""
_TENANTS = """
    INSERT INTO tenants (id, business_name, email, activated_at)
    SELECT unnest(%(tenants)s::text[]), 'Shop', 'shop@shop.example', now()
"""
_ENDPOINTS = """
    INSERT INTO webhook_endpoints
           (id, tenant_id, livemode, url, description, event_types, encrypted_headers, enabled,
            encrypted_secret, latency_ms, created_at, updated_at, position)
    SELECT tenant || '_' || one, tenant, true, 'https://shop.example/', '', '{*}', '{}', true, '',
           50, now(), now(), 0
      FROM unnest(%(tenants)s::text[]) AS tenant, generate_series(1, 5) AS one
"""
_EVENTS = f"""
    INSERT INTO events (id, tenant_id, livemode, sequence, type, subject_id, position, data)
    SELECT 'evt_' || md5(random()::text), tenant, true, number, 'payment.successful',
           'pay_' || tenant || number, 4, '{{}}'
      FROM unnest(%(tenants)s::text[]) AS tenant,
           generate_series(1, %(due)s / {5 * OTHERS}) AS number
"""  # noqa: S608 - our own words
_DELIVERIES = """
    INSERT INTO webhook_deliveries
           (id, tenant_id, endpoint_id, event_id, status, attempts, due_at)
    SELECT 'whd_' || md5(random()::text), v.tenant_id, e.id, v.id, 'PENDING', 0, now()
      FROM events v JOIN webhook_endpoints e USING (tenant_id)
"""
_FAILURE = (
    '{"code": "payer_declined", "message": "The payer said no.", "retry": "safe",'
    ' "providerCode": "APPROVAL_REJECTED"}'
)


def fill(stack: Stack, tenant_id: str, *, rows: int, due: int) -> None:
    """So many payments of this merchant, and so many sends, polls and deliveries due for others."""
    named = {
        "tenant": tenant_id,
        "wallet": WALLET,
        "failure": _FAILURE,
        "rows": rows,
        "due": due,
        "tenants": [ids.new("ten") for _ in range(OTHERS)],
    }
    database = stack.servers.database_url.rpartition("/")[2]
    assert stack.servers.admin_url
    admin = as_postgresql(stack.servers.admin_url).rpartition("/")[0]
    with psycopg.connect(f"{admin}/{database}", autocommit=True) as link:
        # What triggers and foreign keys would refuse is not there.
        link.execute("SET session_replication_role = replica")
        for statement in (_ENDED, _METADATA, _TENANTS, _DUE, _ENDPOINTS, _EVENTS, _DELIVERIES):
            link.execute(statement, named if "%(" in statement else None)
        link.execute("VACUUM ANALYZE")
