"""How many calls one worker process has under way at a network that takes ten seconds, and what
memory each takes: the row E3 of docs/performance.md.
"""

import asyncio
import time
from dataclasses import dataclass

import psutil
import psycopg

from bench.found import Found
from bench.offer import Offer
from bench.rig import LIMITS, Merchants, open_rig
from dev.servers import as_postgresql
from dev.stack import Stack

ANSWER_S = 10
_WATCHED_S = 2.5 * ANSWER_S
_RATE = 5000
"""More than is ever accepted: as fast as it goes."""
_UNDER_WAY = "SELECT count(*) FROM transfers WHERE leased_until > now()"


@dataclass(frozen=True)
class Peak:
    """The moment with the most calls under way."""

    calls: int
    rss: int


def measure(found: Found, *, threads: int, payments: int) -> None:
    """A worker of so many threads that finds so many payments due."""
    settings = {**LIMITS, "SIMULATOR_MTN_ANSWER_S": str(ANSWER_S)}
    settings["WORKER_CONCURRENCY"] = str(threads)
    with open_rig(settings) as stack:
        stack.start("simulator", "web", "worker")
        idle = _rss(stack)
        stack.stop("worker")
        merchants = Merchants.open(stack, count=4, live=True)
        offer = Offer(stack.port, merchants, _RATE, payments / _RATE)
        asyncio.run(offer.perform())
        stack.stop("web")
        stack.start("worker", "beat")
        peak = _peak(stack)
    found.note(f"E3: transfers in flight, WORKER_CONCURRENCY={threads}", peak.calls)
    kib = (peak.rss - idle) / max(peak.calls, 1) / 1024
    found.note(f"E3: memory of each, KiB, WORKER_CONCURRENCY={threads}", kib)


def _peak(stack: Stack) -> Peak:
    peak = Peak(0, 0)
    ends_s = time.monotonic() + _WATCHED_S
    assert stack.servers.admin_url
    admin = as_postgresql(stack.servers.admin_url).rpartition("/")[0]
    database = stack.servers.database_url.rpartition("/")[2]
    with psycopg.connect(f"{admin}/{database}", autocommit=True) as link:
        while time.monotonic() < ends_s:
            row = link.execute(_UNDER_WAY).fetchone()
            if row is not None and row[0] > peak.calls:
                peak = Peak(row[0], _rss(stack))
            time.sleep(0.25)
    return peak


def _rss(stack: Stack) -> int:
    first = psutil.Process(stack.process("worker").pid)
    return sum(int(one.memory_info().rss) for one in (first, *first.children(recursive=True)))
