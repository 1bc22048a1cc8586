"""What Prometheus reads about payments at every scrape: one query over what is owed, one over
discrepancies, and the invariants, which are asked at most once a minute.

Live and test payments are told apart: a test number that never ends must wake nobody.
"""

import threading
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from zampay.infra.gauges import Reading
from zampay.kernel import clock
from zampay.payments import invariants
from zampay.payments.states import OPEN, State

INVARIANTS_EVERY_S = 60.0
_OWED = sa.text("""
    SELECT state, livemode,
           count(*) AS open,
           count(*) FILTER (WHERE due_at <= now()) AS due,
           extract(epoch FROM now() - min(created_at)) AS oldest_s,
           extract(epoch FROM now() - min(due_at)) AS longest_due_s
      FROM payments
     WHERE due_at IS NOT NULL AND completed_at IS NULL
     GROUP BY state, livemode
""")
_DISCREPANCIES = sa.text("""
    SELECT count(*) FILTER (WHERE livemode) AS live, count(*) FILTER (WHERE NOT livemode) AS test
      FROM discrepancies JOIN payments ON payments.id = discrepancies.payment_id
     WHERE resolved_at IS NULL
""")
_Rows = dict[tuple[str, bool], sa.Row[Any]]
_lock = threading.Lock()
_kept: tuple[float, dict[str, int]] | None = None


def readings(link: sa.Connection) -> Iterator[Reading]:
    """All gauges of payments."""
    rows = {(row.state, row.livemode): row for row in link.execute(_OWED)}
    for livemode in (True, False):
        yield from _of(rows, livemode=livemode)
    row = link.execute(_DISCREPANCIES).one()
    means = "Contradictions between a network's word and our books that nobody has closed."
    yield Reading("zampay_discrepancies_open", means, row.live, {"livemode": "true"})
    yield Reading("zampay_discrepancies_open", means, row.test, {"livemode": "false"})
    for name, count in _violations(link).items():
        means = "Payments of the last hours that break a rule which only a defect can break."
        yield Reading("zampay_invariant_violations", means, count, {"invariant": name})


def _of(rows: _Rows, *, livemode: bool) -> Iterator[Reading]:
    label = {"livemode": str(livemode).lower()}
    found = {state: rows.get((str(state), livemode)) for state in sorted(OPEN)}
    for state, row in found.items():
        means = "Payments that have not ended, by state."
        count = row.open if row else 0
        yield Reading("zampay_payments_open", means, count, {**label, "state": str(state)})
    owed = [row for row in found.values() if row]
    moving = [row for state, row in found.items() if row and state is not State.IN_REVIEW]
    yield Reading(
        "zampay_payments_oldest_open_seconds",
        "Age of the oldest payment that has not ended and is not in review.",
        max((float(row.oldest_s) for row in moving), default=0.0),
        label,
    )
    yield Reading(
        "zampay_payments_due",
        "Payments that are owed work now.",
        sum(row.due for row in owed),
        label,
    )
    yield Reading(
        "zampay_payments_longest_due_seconds",
        "For how long the payment that waits longest has been owed work.",
        max((max(float(row.longest_due_s), 0.0) for row in owed), default=0.0),
        label,
    )


def _violations(link: sa.Connection) -> dict[str, int]:
    """Each invariant with its violations, as counted within the last minute."""
    global _kept  # noqa: PLW0603 - one per process is the point
    with _lock:
        if _kept is None or clock.monotonic_s() - _kept[0] > INVARIANTS_EVERY_S:
            _kept = (clock.monotonic_s(), invariants.count(link, of_the_last_hours=True))
        return _kept[1]
