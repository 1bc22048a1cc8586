"""Today's transfers in figures: how many and how much, by merchant, mode and status.

The day is Zambia's. Every transfer of the day is counted, so the figures are kept for a minute.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from zampay.infra.database.definer import Function
from zampay.infra.health.gauges import Reading
from zampay.kernel import clock, ids
from zampay.transfers import states
from zampay.transfers.states import State, Status

KEPT_S = 60.0
MOST_TENANTS = 50
OTHERS = "others"
_MIDNIGHT = sa.text("SELECT extract(epoch FROM date_trunc('day', now(), 'Africa/Lusaka'))")
TRANSFERS_SINCE = Function(
    "transfers_since",
    takes="since text",
    gives="""tenant_id text, livemode boolean, state text, currency text,
        transfers bigint, minor numeric""",
    body="""
        SELECT p.tenant_id, p.livemode, p.state, p.currency, count(*), sum(p.amount_minor)
          FROM public.transfers p
         WHERE p.id >= since
         GROUP BY p.tenant_id, p.livemode, p.state, p.currency
    """,
)


@dataclass(frozen=True, slots=True)
class _Group:
    """What the figures are told by."""

    tenant_id: str
    livemode: bool
    status: Status
    currency: str


@dataclass(frozen=True, slots=True)
class _Figures:
    transfers: Counter[_Group]
    minor: Counter[_Group]


_lock = threading.Lock()
_kept: tuple[float, _Figures] | None = None


def readings(link: sa.Connection) -> Iterator[Reading]:
    """Two gauges. The busiest tenants have series of their own, the rest is `others`."""
    figures = _figures(link)
    for group in figures.transfers:
        labels = {
            "tenant_id": group.tenant_id,
            "livemode": str(group.livemode).lower(),
            "status": str(group.status),
            "currency": group.currency,
        }
        yield Reading(
            "zampay_transfers_today",
            "Payments accepted since midnight in Zambia.",
            figures.transfers[group],
            labels,
        )
        yield Reading(
            "zampay_transfers_today_amount_minor",
            "Their amounts, in ngwee.",
            figures.minor[group],
            labels,
        )


def _figures(link: sa.Connection) -> _Figures:
    global _kept  # noqa: PLW0603 - one per process is the point
    with _lock:
        if _kept is None or clock.monotonic_s() - _kept[0] > KEPT_S:
            _kept = (clock.monotonic_s(), _count(link))
        return _kept[1]


def _count(link: sa.Connection) -> _Figures:
    midnight_s = float(link.scalar(_MIDNIGHT) or 0)
    rows = link.execute(TRANSFERS_SINCE.rows(), {"since": ids.first_of("pay", midnight_s)}).all()
    by_tenant: Counter[str] = Counter()
    for row in rows:
        by_tenant[row.tenant_id] += row.transfers
    named = {tenant for tenant, _ in by_tenant.most_common(MOST_TENANTS)}
    # Zero where there is nothing: a graph without a series cannot be told from a broken one.
    live = [_Group(OTHERS, livemode=True, status=status, currency="ZMW") for status in Status]
    figures = _Figures(Counter(dict.fromkeys(live, 0)), Counter(dict.fromkeys(live, 0)))
    for row in rows:
        group = _Group(
            row.tenant_id if row.tenant_id in named else OTHERS,
            row.livemode,
            states.RULES[State(row.state)].status,
            row.currency,
        )
        figures.transfers[group] += row.transfers
        figures.minor[group] += int(row.minor)
    return figures
