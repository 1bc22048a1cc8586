"""Reads of callbacks: whose transfer one is about, and what is kept of them."""

import hmac
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from zampay.infra.database.db import TenantOf, Transaction
from zampay.infra.database.definer import Function
from zampay.transfers.models import LOOKUP_LENGTH
from zampay.transfers.traces import Callback

TENANT_OF_CALLBACK = Function(
    "tenant_of_callback",
    takes="half_token text",
    gives="tenant_id text",
    body="""
        SELECT p.tenant_id FROM public.transfers p
         WHERE p.callback_lookup = half_token
    """,
)

TENANT_OF_REFERENCE = Function(
    "tenant_of_reference",
    takes="network text, reference text",
    gives="tenant_id text",
    body="""
        SELECT t.tenant_id FROM public.transfers t
         WHERE t.provider = network AND t.provider_reference = reference
    """,
)

_BY_REFERENCE = """
    SELECT id, tenant_id FROM transfers
     WHERE provider = %(network)s AND provider_reference = %(reference)s
       AND wallet_id = %(wallet_id)s
"""
_BY_LOOKUP = """
    SELECT id, tenant_id, provider, callback_token FROM transfers
     WHERE callback_lookup = %(lookup)s
"""
_UNPROCESSED = """
    SELECT FROM callbacks
     WHERE tenant_id = %(tenant_id)s AND transfer_id = %(transfer_id)s AND processed_at IS NULL
     LIMIT 1
"""
_MARK_PROCESSED = """
    UPDATE callbacks SET processed_at = %(now)s
     WHERE tenant_id = %(tenant_id)s AND transfer_id = %(transfer_id)s AND processed_at IS NULL
"""


def tenant_of_callback(token: str) -> TenantOf:
    """Whose the transfer behind a callback token may be: the scope in which it is looked for."""
    arguments = {"half_token": token[:LOOKUP_LENGTH]}
    return TenantOf(TENANT_OF_CALLBACK, arguments)


def tenant_of_reference(network: str, reference: str) -> TenantOf:
    """Whose the transfer behind a network's reference is."""
    return TenantOf(TENANT_OF_REFERENCE, {"network": network, "reference": reference})


def by_reference(
    tx: Transaction, network: str, reference: str, *, wallet_id: str
) -> tuple[str, str] | None:
    """(transfer id, tenant id) of what the network knows by this reference, in this wallet."""
    found = tx.execute(
        _BY_REFERENCE, network=network, reference=reference, wallet_id=wallet_id
    ).fetchone()
    return (found.id, found.tenant_id) if found else None


def by_callback_token(tx: Transaction, network: str, token: str) -> tuple[str, str] | None:
    """(transfer id, tenant id) behind a token that we gave to the network.

    An index tells by its time how much of what is sought is right, so only the first half of the
    token (100 bits) finds the row. The other half, 100 bits that no index has seen, is compared
    here in a time that tells nothing. The half is a column, because below row-level security no
    index on an expression is used whose function is not leakproof, and `left` is not. The network
    is compared here too: as a condition it would offer the planner an index of many rows.
    """
    found = tx.execute(_BY_LOOKUP, lookup=token[:LOOKUP_LENGTH]).fetchone()
    if found is None or not hmac.compare_digest(found.callback_token.encode(), token.encode()):
        return None
    if found.provider != network:
        return None
    return found.id, found.tenant_id


def callbacks_seen(tx: Transaction, transfer_id: str) -> tuple[int, datetime | None]:
    """How many different callbacks one transfer has, and when the last one came."""
    seen = sa.select(sa.func.count(), sa.func.max(Callback.received_at)).where(
        Callback.tenant_id == tx.tenant_id, Callback.transfer_id == transfer_id
    )
    row = tx.session.execute(seen).one()
    return row[0], row[1]


class Kept(StrEnum):
    """What came of a callback."""

    KEPT = "kept"
    REPEATED = "repeated"
    OVER_LIMIT = "over_limit"


_KEEP = """
    WITH seen AS (
        SELECT count(*) AS number, coalesce(bool_or(body_digest = %(digest)s), false) AS repeated
          FROM callbacks WHERE tenant_id = %(tenant_id)s AND transfer_id = %(transfer_id)s),
    kept AS (
        INSERT INTO callbacks
               (tenant_id, transfer_id, body_digest, body, method, address, verified)
        SELECT %(tenant_id)s, %(transfer_id)s, %(digest)s, %(body)s, %(method)s, %(address)s,
               %(verified)s
          FROM seen WHERE NOT repeated AND number < %(most)s
        RETURNING id)
    SELECT repeated, EXISTS (SELECT FROM kept) AS is_kept FROM seen
"""


def keep(tx: Transaction, *, most: int, **callback: Any) -> Kept:
    """Keep a callback of a locked transfer, unless it is known already or there are too many."""
    (row,) = tx.execute(_KEEP, tenant_id=tx.tenant_id, most=most, **callback)
    if row.is_kept:
        return Kept.KEPT
    return Kept.REPEATED if row.repeated else Kept.OVER_LIMIT


def has_callback(tx: Transaction, transfer_id: str, digest: str) -> bool:
    """Whether a callback with this body is kept."""
    query = sa.select(Callback.id).where(
        Callback.tenant_id == tx.tenant_id,
        Callback.transfer_id == transfer_id,
        Callback.body_digest == digest,
    )
    return tx.session.scalar(query) is not None


def has_unprocessed_callback(tx: Transaction, transfer_id: str) -> bool:
    """Whether a callback came that no poll has followed yet."""
    found = tx.execute(_UNPROCESSED, tenant_id=tx.tenant_id, transfer_id=transfer_id)
    return found.rowcount > 0


def mark_processed(tx: Transaction, transfer_id: str) -> bool:
    """Note that a poll follows the callbacks that came; whether there were any."""
    named = {"tenant_id": tx.tenant_id, "transfer_id": transfer_id, "now": tx.now}
    return tx.execute(_MARK_PROCESSED, **named).rowcount > 0
