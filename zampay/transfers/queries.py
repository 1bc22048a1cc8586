"""Reads of transfers; every one takes the transaction it reads in and names its tenant."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from zampay.infra.database.db import Transaction
from zampay.kernel import ids
from zampay.providers.profile import Kind
from zampay.transfers import kinds, locked_rows
from zampay.transfers.models import OWN_WALLET, Transfer
from zampay.transfers.states import Evidence, State
from zampay.transfers.traces import Discrepancy, IdempotencyKey, MetadataEntry, Transition

MOST_SHOWN = 500
"""Of the history and the contradictions of one transfer."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for; None where anything will do. Of several values one has to fit, of
    `metadata` one value of every name. Each is found by an index: see the migration
    `20261127_payment_search`.
    """

    external_ids: Sequence[str] | None = None
    states: Sequence[State] | None = None
    providers: Sequence[str] | None = None
    wallet_ids: Sequence[str] | None = None
    msisdns: Sequence[str] | None = None
    provider_transaction_ids: Sequence[str] | None = None
    metadata: Mapping[str, Sequence[str]] = field(default_factory=dict)
    created_from: datetime | None = None
    created_to: datetime | None = None


def found(tx: Transaction, kind: Kind, transfer_id: str, *, livemode: bool) -> Transfer:
    """What a merchant names by its id: of this kind, theirs, and in the mode of their key.

    Raises:
        ZamPayError: the kind's own, where there is none like that.
    """
    query = _of(tx, kind, livemode=livemode).where(Transfer.id == transfer_id)
    return _found(kind, transfer_id, lambda: tx.session.scalar(query))


def found_locked(tx: Transaction, kind: Kind, transfer_id: str, *, livemode: bool) -> Transfer:
    """As `found`, locked until the transaction ends."""

    def read() -> Transfer | None:
        return locked_rows.locked_of_merchant(
            tx, kind=kind, livemode=livemode, transfer_id=transfer_id
        )

    return _found(kind, transfer_id, read)


def _found(kind: Kind, transfer_id: str, read: Callable[[], Transfer | None]) -> Transfer:
    rule = kinds.RULES[kind]
    one = read() if ids.is_id(rule.id_prefix, transfer_id) else None
    if one is None:
        raise rule.not_found
    return one


def by_external_id(
    tx: Transaction, kind: Kind, external_id: str, *, livemode: bool
) -> Transfer | None:
    """The transfer that the merchant calls `external_id`."""
    query = _of(tx, kind, livemode=livemode).where(Transfer.external_id == external_id)
    return tx.session.scalar(query)


def page(
    tx: Transaction,
    kind: Kind,
    *,
    livemode: bool,
    wanted: Filter,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Transfer]:
    """Transfers newest first, starting below the key (created_at, id) of the last page's end.

    States, networks and wallets have few values with many rows each: every value is read as a list
    of its own in the order of its index, and the newest of all are taken.
    """
    query = narrowed(_of(tx, kind, livemode=livemode), wanted)
    if before is not None:
        query = query.where(sa.tuple_(Transfer.created_at, Transfer.id) < before)
    parts = [
        part.order_by(Transfer.created_at.desc(), Transfer.id.desc()).limit(limit)
        for part in _parts(query, wanted)
    ]
    if len(parts) == 1:
        return list(tx.session.scalars(parts[0]))
    all_parts = sa.union_all(*(sa.select(one.subquery()) for one in parts)).subquery()
    either = aliased(Transfer, all_parts)
    together = sa.select(either).order_by(either.created_at.desc(), either.id.desc())
    return list(tx.session.scalars(together.limit(limit)))


def _parts(query: sa.Select[Transfer], wanted: Filter) -> Iterator[sa.Select[Transfer]]:
    """One query for each value. Wallets of merchants have an index of their own."""
    if wanted.wallet_ids is not None:
        query = query.where(sa.text(OWN_WALLET))
        if wanted.states:
            query = query.where(Transfer.state.in_(wanted.states))
        if wanted.providers:
            query = query.where(Transfer.provider.in_(wanted.providers))
        for wallet_id in wanted.wallet_ids:
            yield query.where(Transfer.wallet_id == wallet_id)
        return
    states: Sequence[State | None] = wanted.states or [None]
    providers: Sequence[str | None] = wanted.providers or [None]
    for state, provider in product(states, providers):
        part = query if state is None else query.where(Transfer.state == state)
        yield part if provider is None else part.where(Transfer.provider == provider)


def narrowed(query: Any, wanted: Filter) -> Any:
    """A `SELECT` of transfers, by all that is wanted but states, networks and wallets."""
    for column, values in (
        (Transfer.external_id, wanted.external_ids),
        (Transfer.msisdn, wanted.msisdns),
        (Transfer.provider_transaction_id, wanted.provider_transaction_ids),
    ):
        if values is not None:
            query = query.where(column.in_(values))
    for name, values in wanted.metadata.items():
        with_it = sa.select(MetadataEntry.transfer_id).where(
            MetadataEntry.tenant_id == Transfer.tenant_id,
            MetadataEntry.livemode == Transfer.livemode,
            MetadataEntry.entry.in_([MetadataEntry.digest(name, value) for value in values]),
        )
        query = query.where(Transfer.id.in_(with_it))
    if wanted.created_from is not None:
        query = query.where(Transfer.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        query = query.where(Transfer.created_at < wanted.created_to)
    return query


def transitions(tx: Transaction, transfer_id: str) -> list[Transition]:
    """The history of one transfer, oldest first; of an endless one its latest part."""
    latest = tx.session.scalars(
        sa.select(Transition)
        .where(Transition.tenant_id == tx.tenant_id, Transition.transfer_id == transfer_id)
        .order_by(Transition.position.desc())
        .limit(MOST_SHOWN)
    )
    return list(latest)[::-1]


def was_ended_by_a_test(tx: Transaction, transfer: Transfer) -> bool:
    """Whether a test call ended the transfer or gave it to review: the sandbox, which knows nothing
    of that, has no say any more.
    """
    if transfer.livemode or not (transfer.is_final or transfer.state == State.IN_REVIEW):
        return False
    query = sa.select(Transition.evidence).where(
        Transition.tenant_id == tx.tenant_id,
        Transition.transfer_id == transfer.id,
        Transition.position == transfer.position,
    )
    return tx.session.scalar(query) == Evidence.TEST


def idempotency_key(tx: Transaction, key: str, *, livemode: bool) -> IdempotencyKey | None:
    """The request that this Idempotency-Key stood for."""
    return tx.session.get(IdempotencyKey, (tx.tenant_id, livemode, key))


def discrepancies(tx: Transaction, transfer_id: str) -> list[Discrepancy]:
    """Where the network's word and ours differ, oldest first; of very many the latest."""
    latest = tx.session.scalars(
        sa.select(Discrepancy)
        .where(Discrepancy.tenant_id == tx.tenant_id, Discrepancy.transfer_id == transfer_id)
        .order_by(Discrepancy.found_at.desc())
        .limit(MOST_SHOWN)
    )
    return list(latest)[::-1]


def _of(tx: Transaction, kind: Kind, *, livemode: bool) -> sa.Select[Transfer]:
    return sa.select(Transfer).where(
        Transfer.tenant_id == tx.tenant_id,
        Transfer.livemode.is_(livemode),
        Transfer.kind == kind,
    )
