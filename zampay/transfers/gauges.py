"""What Prometheus reads about transfers at every scrape: one query over what is owed, one over
discrepancies, and the invariants, which are asked at most once a minute.

Live and test transfers are told apart: a test number that never ends must wake nobody.
"""

import threading
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from zampay.infra.database.definer import Function
from zampay.infra.health.gauges import Reading
from zampay.kernel import clock
from zampay.providers import registry
from zampay.transfers import invariants
from zampay.transfers.network_states import NETWORK_TROUBLES_OPEN
from zampay.transfers.states import OPEN, State

INVARIANTS_EVERY_S = 60.0
TRANSFERS_OWED = Function(
    "transfers_owed",
    takes="",
    gives="""state text, livemode boolean, open bigint, due bigint,
        oldest_s numeric, longest_due_s numeric""",
    body="""
        SELECT p.state, p.livemode,
               count(*),
               count(*) FILTER (WHERE p.due_at <= now()),
               extract(epoch FROM now() - min(p.created_at)),
               extract(epoch FROM now() - min(p.due_at))
          FROM public.transfers p
         WHERE p.due_at IS NOT NULL AND p.completed_at IS NULL
         GROUP BY p.state, p.livemode
    """,
)
DISCREPANCIES_OPEN = Function(
    "discrepancies_open",
    takes="",
    gives="live bigint, test bigint",
    body="""
        SELECT count(*) FILTER (WHERE p.livemode), count(*) FILTER (WHERE NOT p.livemode)
          FROM public.discrepancies d JOIN public.transfers p ON p.id = d.transfer_id
         WHERE d.resolved_at IS NULL
    """,
)
_Rows = dict[tuple[str, bool], sa.Row[Any]]
_lock = threading.Lock()
_kept: tuple[float, dict[str, int]] | None = None


def readings(link: sa.Connection) -> Iterator[Reading]:
    """All gauges of transfers."""
    rows = {(row.state, row.livemode): row for row in link.execute(TRANSFERS_OWED.rows())}
    for livemode in (True, False):
        yield from _of(rows, livemode=livemode)
    row = link.execute(DISCREPANCIES_OPEN.rows()).one()
    means = "Contradictions between a network's word and our books that nobody has closed."
    yield Reading("zampay_discrepancies_open", means, row.live, {"livemode": "true"})
    yield Reading("zampay_discrepancies_open", means, row.test, {"livemode": "false"})
    yield from _troubles(link)
    for name, count in _violations(link).items():
        means = "Payments of the last hours that break a rule which only a defect can break."
        yield Reading("zampay_invariant_violations", means, count, {"invariant": name})


def _of(rows: _Rows, *, livemode: bool) -> Iterator[Reading]:
    label = {"livemode": str(livemode).lower()}
    found = {state: rows.get((str(state), livemode)) for state in sorted(OPEN)}
    for state, row in found.items():
        means = "Payments that have not ended, by state."
        count = row.open if row else 0
        yield Reading("zampay_transfers_open", means, count, {**label, "state": str(state)})
    owed = [row for row in found.values() if row]
    moving = [row for state, row in found.items() if row and state is not State.IN_REVIEW]
    yield Reading(
        "zampay_transfers_oldest_open_seconds",
        "Age of the oldest payment that has not ended and is not in review.",
        max((float(row.oldest_s) for row in moving), default=0.0),
        label,
    )
    yield Reading(
        "zampay_transfers_due",
        "Payments that are owed work now.",
        sum(row.due for row in owed),
        label,
    )
    yield Reading(
        "zampay_transfers_longest_due_seconds",
        "For how long the payment that waits longest has been owed work.",
        max((max(float(row.longest_due_s), 0.0) for row in owed), default=0.0),
        label,
    )


def _troubles(link: sa.Connection) -> Iterator[Reading]:
    """Wallets whose network does not answer: at each network the deployment's, and merchants'."""
    rows = link.execute(NETWORK_TROUBLES_OPEN.rows()).all()
    for provider in sorted(registry.networks(livemode=True)):
        own = [row.tenant_id is None for row in rows if row.provider == provider]
        for whose, count in (("deployment", sum(own)), ("merchants", len(own) - sum(own))):
            yield Reading(
                "zampay_network_degraded",
                "Wallets at the network that it does not answer.",
                count,
                {"provider": provider, "wallets": whose},
            )


def _violations(link: sa.Connection) -> dict[str, int]:
    """Each invariant with its violations, as counted within the last minute."""
    global _kept  # noqa: PLW0603 - one per process is the point
    with _lock:
        if _kept is None or clock.monotonic_s() - _kept[0] > INVARIANTS_EVERY_S:
            _kept = (clock.monotonic_s(), invariants.count(link, of_the_last_hours=True))
        return _kept[1]
