"""Orders of several merchants at a constant rate, whatever comes back, and how long each accept
took from when it was due.
"""

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field

from bench.rig import Link, Merchants, exchange
from dev.environment import LOOPBACK

_CLIENTS = 48


@dataclass
class Offer:
    """One rate for a while, to the gateway on this port."""

    port: int
    merchants: Merchants
    rate: float
    seconds: float
    sent_s: dict[str, float] = field(default_factory=dict)
    accept_ms: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    async def perform(self) -> None:
        """Offer all of them, and wait for every answer."""
        began_s = time.perf_counter()
        waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        clients = [asyncio.create_task(self._client(waiting)) for _ in range(_CLIENTS)]
        for number in itertools.count():
            at_s = began_s + number / self.rate
            if at_s > began_s + self.seconds:
                break
            await asyncio.sleep(max(at_s - time.perf_counter(), 0))
            external_id, request = self.merchants.order(number)
            self.sent_s[external_id] = time.perf_counter()
            waiting.put_nowait((external_id, request))
        await waiting.join()
        for client in clients:
            client.cancel()

    @property
    def refused(self) -> int:
        """Answers that accept nothing; a repetition after a lost connection is answered 200."""
        return self.statuses.total() - self.statuses["202"] - self.statuses["200"]

    async def _client(self, waiting: asyncio.Queue[tuple[str, bytes]]) -> None:
        link: Link | None = None
        while True:
            external_id, request = await waiting.get()
            head = None
            while head is None:
                link = link or await asyncio.open_connection(LOOPBACK, self.port)
                head = await exchange(link, request)
                if head is None or not head.keeps:
                    link[1].close()
                    link = None
            self.accept_ms.append(1000 * (time.perf_counter() - self.sent_s[external_id]))
            self.statuses[head.status] += 1
            waiting.task_done()


def share_of(values: list[float], share: float) -> float:
    """What this share of the values stays within."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0
