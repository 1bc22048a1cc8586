"""Payments from POST to the webhook of their final state: how many a second, at which cost each.

Four merchants with live keys; the MTN simulator, with callbacks; PostgreSQL that syncs. Payments
come at a constant rate, whatever comes back. What is counted is what the merchants' receiver gets.
"""

import argparse
import asyncio
import contextlib
import json
import time
from collections import Counter
from dataclasses import dataclass, field

import psutil
import psycopg

from bench.offer import Offer, share_of
from bench.rig import LIMITS, Merchants, http_head, open_rig
from dev.environment import LOOPBACK, free_port, run_program
from dev.stack import ALL, Stack

_FINAL = {"payment.successful", "payment.failed"}


def main() -> None:
    """Offer payments at each rate, one after the other, and print what was settled."""
    options = _options()
    receiver_port = free_port()
    with open_rig({**LIMITS, "SIMULATOR_MTN_APPROVAL_S": "0.5"}) as stack:
        stack.start(*ALL)
        merchants = Merchants.open(stack, count=4, receiver=f"http://{LOOPBACK}:{receiver_port}/")
        for rate in options.rate:
            run = Run(stack, merchants, rate=rate, seconds=options.seconds)
            asyncio.run(run.perform(receiver_port))
            print(run.report(), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, nargs="+", default=[20], help="payments a second")
    parser.add_argument("--seconds", type=float, default=20, help="length of a run")
    return parser.parse_args()


@dataclass
class Run:
    """One rate for a while."""

    stack: Stack
    merchants: Merchants
    rate: float
    seconds: float
    patience_s: float = 30
    """How long to wait for the rest, beside three times the run."""
    done_s: dict[str, float] = field(default_factory=dict)
    events: Counter[str] = field(default_factory=Counter)
    cpu_ms: dict[str, float] = field(default_factory=dict)
    transactions: float = 0.0
    _settled: asyncio.Event = field(default_factory=asyncio.Event)
    _offer: Offer = field(init=False)

    def __post_init__(self) -> None:
        self._offer = Offer(self.stack.port, self.merchants, self.rate, self.seconds)

    async def perform(self, port: int) -> None:
        """Offer, and wait for the rest."""
        server = await asyncio.start_server(self._receive, LOOPBACK, port)
        cpu = _cpu_s(self.stack)
        transactions = _transactions(self.stack)
        async with server:
            await self._offer.perform()
            end_s = time.perf_counter() + 3 * self.seconds + self.patience_s
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_settled(), end_s - time.perf_counter())
        payments = max(len(self.done_s), 1)
        after = _cpu_s(self.stack)
        self.cpu_ms = {name: 1000 * (after[name] - cpu[name]) / payments for name in after}
        self.transactions = (_transactions(self.stack) - transactions) / payments

    async def _all_settled(self) -> None:
        while len(self.done_s) < len(self._offer.sent_s):
            self._settled.clear()
            await self._settled.wait()

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await http_head(reader)
                event = json.loads(await reader.readexactly(head.length))
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                self.events[event["type"]] += 1
                if event["type"] in _FINAL:
                    self.done_s.setdefault(event["data"]["externalId"], time.perf_counter())
                    self._settled.set()
        except (EOFError, ConnectionError, asyncio.CancelledError):
            writer.close()

    @property
    def settled_per_s(self) -> float:
        """Final webhooks a second, once it has run for a third of its time."""
        began_s = min(self._offer.sent_s.values())
        steady = [
            at for at in self.done_s.values() if self.seconds / 3 < at - began_s < self.seconds
        ]
        return len(steady) / (self.seconds * 2 / 3)

    def lag_s(self, share: float) -> float:
        """The time from POST to final webhook that this share of payments stayed within."""
        return share_of([self.done_s[one] - self._offer.sent_s[one] for one in self.done_s], share)

    @property
    def whole_s(self) -> float:
        """From the first POST to the last final webhook."""
        began_s = min(self._offer.sent_s.values())
        return max(self.done_s.values(), default=began_s + 1) - began_s

    @property
    def unsettled(self) -> int:
        """Payments of whose end the merchants have not heard."""
        return len(self._offer.sent_s) - len(self.done_s)

    def report(self) -> str:
        """What came of it, in lines."""
        cpu = "  ".join(f"{name} {used:.1f}" for name, used in self.cpu_ms.items())
        offer = self._offer
        p50_ms, p99_ms = (share_of(offer.accept_ms, share) for share in (0.5, 0.99))
        return f"""offered {self.rate:.0f}/s for {self.seconds:.0f} s: {len(offer.sent_s)} payments
  answers {dict(offer.statuses)}, events {dict(self.events)}
  settled {len(self.done_s)}; {self.settled_per_s:.1f}/s in the last two thirds, \
{len(self.done_s) / self.whole_s:.1f}/s to the last webhook
  accept p50 {p50_ms:.0f} p99 {p99_ms:.0f} ms; \
POST to final webhook p50 {self.lag_s(0.5):.2f} p95 {self.lag_s(0.95):.2f} s
  CPU ms per payment: {cpu}; transactions {self.transactions:.1f}"""


def _transactions(stack: Stack) -> int:
    assert stack.servers.admin_url
    with psycopg.connect(stack.servers.admin_url, autocommit=True) as link:
        query = "SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database"
        row = link.execute(query).fetchone()
        return int(row[0]) if row else 0


def _cpu_s(stack: Stack) -> dict[str, float]:
    found: dict[str, float] = {}
    for name in ALL:
        first = psutil.Process(stack.process(name).pid)
        family = [first, *first.children(recursive=True)]
        found[name] = sum(sum(one.cpu_times()[:2]) for one in family)
    for server in ("postgres", "valkey-server"):
        found[server] = sum(
            sum(one.cpu_times()[:2])
            for one in psutil.process_iter(["name"])
            if one.info["name"] == server
        )
    own = psutil.Process().cpu_times()
    found["bench"] = own.user + own.system
    return found


if __name__ == "__main__":
    run_program(main)
