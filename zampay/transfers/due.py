"""Who is served next: rows that are due, in turns over the merchants, each one's oldest first.

A stream is one kind of call from one wallet in one mode; streams never wait for each other. Both
queries visit a merchant's rows through an index and stop early, so that they cost the same with a
hundred rows due and with a million.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from zampay.infra.database.db import Transaction
from zampay.infra.database.definer import Function
from zampay.transfers import states
from zampay.transfers.models import TO_POLL, TO_SUBMIT, Transfer
from zampay.transfers.states import NextAction, State

LONGEST_DUE = 200
"""Of the polls that are owed, so many that have been due for longest are looked at, as many of each
merchant, and the oldest transfers among them are asked about first. By acceptance alone, transfers
that stay open would keep newer ones waiting for ever."""

_WHERE = {NextAction.SUBMIT: TO_SUBMIT, NextAction.POLL: TO_POLL}
_FIRST = {NextAction.SUBMIT: "created_at", NextAction.POLL: "due_at"}
_STREAM = "provider, wallet_id, livemode, tenant_id"
_UNTIL = {
    NextAction.SUBMIT: f"({_STREAM}) <= (network, wallet, is_live, tenant.tenant_id)"
    " AND due_at <= now()",
    NextAction.POLL: f"({_STREAM}, due_at) <= (network, wallet, is_live, tenant.tenant_id, now())",
}
"""Ranges over the index's columns, where equality would do: so no other index has the order that is
asked for. With equality the planner takes one that reads every payment of a merchant.
"""
_STREAMS = """
SELECT found.provider, found.wallet_id, found.livemode FROM (
    WITH RECURSIVE stream AS (
        (SELECT provider, wallet_id, livemode FROM public.transfers
          WHERE {where} ORDER BY provider, wallet_id, livemode LIMIT 1)
        UNION ALL
        SELECT following.provider, following.wallet_id, following.livemode
          FROM stream CROSS JOIN LATERAL (
               SELECT provider, wallet_id, livemode FROM public.transfers
                WHERE {where} AND (provider, wallet_id, livemode)
                      > (stream.provider, stream.wallet_id, stream.livemode)
                ORDER BY provider, wallet_id, livemode LIMIT 1) AS following
    )
    SELECT provider, wallet_id, livemode FROM stream) AS found
"""
_DUE = """
WITH RECURSIVE tenant AS (
    SELECT network AS provider, wallet AS wallet_id, is_live AS livemode,
           cast('' AS text) AS tenant_id
    UNION ALL
    SELECT following.provider, following.wallet_id, following.livemode, following.tenant_id
      FROM tenant CROSS JOIN LATERAL (
           SELECT provider, wallet_id, livemode, tenant_id FROM public.transfers
            WHERE {where} AND (provider, wallet_id, livemode, tenant_id)
                  > (tenant.provider, tenant.wallet_id, tenant.livemode, tenant.tenant_id)
            ORDER BY provider, wallet_id, livemode, tenant_id LIMIT 1) AS following
     WHERE following.provider = network AND following.wallet_id = wallet
       AND following.livemode = is_live
)
SELECT owed.id, owed.tenant_id
  FROM tenant CROSS JOIN LATERAL (
       SELECT id, tenant_id, created_at, row_number() OVER (ORDER BY created_at, id) AS turn
         FROM (SELECT id, tenant_id, created_at FROM public.transfers
                WHERE {where} AND NOT id = ANY(passed)
                  AND ({stream}) >= (network, wallet, is_live, tenant.tenant_id) AND {until}
                ORDER BY {stream}, {first}
                LIMIT greatest(most, longest_due / (SELECT count(*) FROM tenant))) AS waiting
        ORDER BY created_at, id LIMIT most) AS owed
 ORDER BY owed.turn, array_position(served, owed.tenant_id) NULLS FIRST, owed.created_at, owed.id
 LIMIT most
"""
_TAKES = (
    "network text, wallet text, is_live boolean, most integer, longest_due integer,"
    " served text[], passed text[]"
)
STREAMS = {
    action: Function(
        f"streams_to_{action}",
        takes="",
        gives="provider text, wallet_id text, livemode boolean",
        body=_STREAMS.format(where=where),
    )
    for action, where in _WHERE.items()
}
DUE = {
    action: Function(
        f"due_to_{action}",
        takes=_TAKES,
        gives="id text, tenant_id text",
        body=_DUE.format(stream=_STREAM, where=where, first=_FIRST[action], until=_UNTIL[action]),
        plans_anew=True,
    )
    for action, where in _WHERE.items()
}
_LISTS = [sa.bindparam(name, type_=sa.ARRAY(sa.Text)) for name in ("served", "passed")]


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of call from one wallet at its network, for live or for test transfers."""

    action: NextAction
    provider: str
    wallet_id: str
    livemode: bool


def streams(tx: Transaction) -> list[Stream]:
    """Every stream in which a transfer is open, also of networks that are no longer served."""
    return [
        Stream(action, row.provider, row.wallet_id, row.livemode)
        for action, function in STREAMS.items()
        for row in tx.session.execute(function.rows())
    ]


def stream_of(tx: Transaction, transfer_id: str) -> Stream | None:
    """The stream that the transfer is in now."""
    row = tx.session.execute(
        sa.select(Transfer.state, Transfer.provider, Transfer.wallet_id, Transfer.livemode).where(
            Transfer.tenant_id == tx.tenant_id, Transfer.id == transfer_id
        )
    ).one_or_none()
    if row is None:
        return None
    action = states.next_action(State(row.state))
    return Stream(action, row.provider, row.wallet_id, row.livemode)


def due(
    tx: Transaction,
    stream: Stream,
    *,
    limit: int,
    served: Sequence[str] = (),
    without: Collection[str] = (),
) -> list[tuple[str, str]]:
    """(transfer id, tenant id) of rows that are owed work, the next one first; but for those of
    `without`. Merchants that were `served` lately, the last one last, come after the others.
    """
    rows = tx.session.execute(
        DUE[stream.action].rows().bindparams(*_LISTS),
        {
            "network": stream.provider,
            "wallet": stream.wallet_id,
            "is_live": stream.livemode,
            "most": limit,
            "longest_due": 0 if stream.action is NextAction.SUBMIT else LONGEST_DUE,
            "served": list(served),
            "passed": list(without),
        },
    )
    return [(row.id, row.tenant_id) for row in rows]
