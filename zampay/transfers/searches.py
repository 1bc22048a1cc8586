"""An operator's search over the transfers of every merchant, and one day in figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

import sqlalchemy as sa

from zampay.infra.database.db import EVERY_TENANT, Transaction, transaction
from zampay.kernel import ids
from zampay.providers.registry import NETWORKS
from zampay.tenants.models import Tenant
from zampay.transfers.models import Transfer
from zampay.transfers.queries import Filter, narrowed
from zampay.transfers.states import OPEN, State
from zampay.transfers.traces import Discrepancy

LUSAKA: Final = timezone(timedelta(hours=2), "CAT")
"""Zambia has no summer time."""
_CLOCKS_S = 3600.0
"""An id has the time of the process that made it, which the database's may differ from."""


@dataclass(frozen=True, slots=True)
class Search:
    """What an operator lists by, over every merchant; each narrows what the others find."""

    state: State | None = None
    is_open: bool = False
    in_dispute: bool = False
    livemode: bool | None = None
    oldest_first: bool = False
    merchant: str | None = None
    amount_minor: int | None = None
    references: Sequence[str] = ()
    filter: Filter = field(default_factory=Filter)


def searched(tx: Transaction, wanted: Search, *, limit: int) -> list[tuple[Transfer, Tenant]]:
    """Transfers of every tenant with their tenant, newest first unless told otherwise (ids begin
    with their time).
    """
    both = sa.select(Transfer, Tenant).join(Tenant, Tenant.id == Transfer.tenant_id)
    query = narrowed(both, wanted.filter)
    if wanted.state is not None:
        query = query.where(Transfer.state == wanted.state)
    if wanted.is_open or wanted.state in OPEN:
        # Open rows are always due some day; said here so that the index of due rows finds them.
        query = query.where(Transfer.completed_at.is_(None), Transfer.due_at.is_not(None))
    if wanted.in_dispute:
        contradicted = sa.select(Discrepancy.transfer_id).where(Discrepancy.resolved_at.is_(None))
        query = query.where(Transfer.id.in_(contradicted))
    if wanted.livemode is not None:
        query = query.where(Transfer.livemode.is_(wanted.livemode))
    if wanted.merchant is not None:
        query = query.where(Transfer.tenant_id.in_(_merchants(tx, wanted.merchant)))
    if wanted.filter.external_ids is not None:
        # Whose they are is said so that the unique index, which begins with it, finds them.
        query = query.where(
            Transfer.tenant_id.in_(sa.select(Tenant.id)), Transfer.livemode.in_([True, False])
        )
    if wanted.references:
        # Either side's; the networks are named so that the unique index, which begins so, finds it.
        query = query.where(
            Transfer.provider_transaction_id.in_(wanted.references)
            | (
                Transfer.provider.in_([network.code for network in NETWORKS])
                & Transfer.provider_reference.in_([text.lower() for text in wanted.references])
            )
        )
    if wanted.amount_minor is not None:
        query = query.where(Transfer.amount_minor == wanted.amount_minor)
    if wanted.filter.created_from is not None:
        since_s = wanted.filter.created_from.timestamp() - _CLOCKS_S
        query = query.where(Transfer.id >= ids.first_of("pay", since_s))
    order = Transfer.id.asc() if wanted.oldest_first else Transfer.id.desc()
    found = tx.session.execute(query.order_by(order).limit(limit)).all()
    return [(row[0], row[1]) for row in found]


def _merchants(tx: Transaction, named: str) -> Sequence[str]:
    """Ids of the tenants with this id, or with this text in their name or e-mail address."""
    if ids.is_id("ten", named):
        return [named]
    text = named.casefold()
    everybody = tx.session.execute(sa.select(Tenant.id, Tenant.business_name, Tenant.email))
    return [one.id for one in everybody if text in f"{one.business_name}\n{one.email}".casefold()]


@dataclass(frozen=True, slots=True)
class Figures:
    """One merchant's day in one mode and currency; the share is that of what has ended."""

    tenant: Tenant
    livemode: bool
    currency: str
    transfers: int
    paid: int
    failed: int
    paid_minor: int

    @property
    def share_paid(self) -> str:
        """`83%`, or a dash where none has ended."""
        ended = self.paid + self.failed
        return f"{self.paid * 100 / ended:.0f}%" if ended else "-"


def figures_of(day: date) -> list[Figures]:
    """What was asked for on that day in Zambia, by merchant and mode, live first."""
    begins_at = datetime.combine(day, datetime.min.time(), LUSAKA)
    since_s = begins_at.timestamp() - _CLOCKS_S
    until_s = (begins_at + timedelta(days=1)).timestamp() + _CLOCKS_S
    is_paid, is_failed = (Transfer.state == end for end in (State.SUCCESSFUL, State.FAILED))
    group: list[Any] = [Tenant, Transfer.livemode, Transfer.currency]
    query = (
        sa.select(
            *group,
            sa.func.count(),
            sa.func.count().filter(is_paid),
            sa.func.count().filter(is_failed),
            sa.func.coalesce(sa.func.sum(Transfer.amount_minor).filter(is_paid), 0),
        )
        .join(Tenant, Tenant.id == Transfer.tenant_id)
        .where(
            Transfer.id >= ids.first_of("pay", since_s),
            Transfer.id < ids.first_of("pay", until_s),
            Transfer.created_at >= begins_at,
            Transfer.created_at < begins_at + timedelta(days=1),
        )
        .group_by(*group)
        .order_by(Transfer.livemode.desc(), Tenant.business_name, Tenant.id)
    )
    with transaction(EVERY_TENANT) as tx:
        rows = tx.session.execute(query).all()
    return [Figures(*row[:6], paid_minor=int(row[6])) for row in rows]
