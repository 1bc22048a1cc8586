"""How payments of the last hour ended at each network, over all merchants: shares and times, never
numbers of payments.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from zampay.infra.database.db import NO_TENANT, transaction
from zampay.infra.database.definer import Function
from zampay.kernel import clock, ids

KEPT_S: Final = 60.0
FEWEST: Final = 5
"""Below so many endings a share would tell of single payments."""
HOUR_S: Final = 3600.0
NETWORKS_SINCE: Final = Function(
    "networks_since",
    takes="since text",
    gives="provider text, livemode boolean, ended bigint, paid bigint, median_s float",
    body="""
        SELECT t.provider, t.livemode, count(*), count(*) FILTER (WHERE t.state = 'SUCCESSFUL'),
               percentile_cont(0.5) WITHIN GROUP (
                   ORDER BY extract(epoch FROM t.completed_at - t.created_at)::float)
          FROM public.transfers t
         WHERE t.id >= since AND t.kind = 'payment' AND t.completed_at IS NOT NULL
         GROUP BY t.provider, t.livemode
    """,
)


@dataclass(frozen=True, slots=True)
class Hour:
    """What share of the payments that were made in the last hour and have ended was paid, and the
    median of the seconds that it took; None where too few have ended.
    """

    paid_share: float | None = None
    median_s: float | None = None


class _Kept:
    """The figures as they were counted last: every payment of the hour is looked at."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.until_s = 0.0
        self.figures: Mapping[tuple[str, bool], Hour] = {}


_kept = _Kept()


def last_hour() -> Mapping[tuple[str, bool], Hour]:
    """By network and mode, as of a minute ago at most."""
    with _kept.lock:
        now_s = clock.monotonic_s()
        if now_s >= _kept.until_s:
            _kept.figures, _kept.until_s = _count(), now_s + KEPT_S
        return _kept.figures


def forget() -> None:
    """Count anew when next asked."""
    _kept.until_s = 0.0


def _count() -> dict[tuple[str, bool], Hour]:
    with transaction(NO_TENANT) as tx:
        since = ids.first_of("pay", tx.now.timestamp() - HOUR_S)
        rows = tx.execute("SELECT * FROM networks_since(%(since)s)", since=since).fetchall()
    return {
        (row.provider, row.livemode): Hour(round(row.paid / row.ended, 3), round(row.median_s, 1))
        for row in rows
        if row.ended >= FEWEST
    }
