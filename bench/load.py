"""A closed-loop HTTP/1.1 client: each connection sends its next request when its answer has come.

Lean on purpose, because it shares the cores with what it measures. It keeps a connection for as
long as the server does and opens a new one when the server closes it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

_TIMEOUT_S = 30.0


@dataclass
class Figures:
    """What one run came to; latencies in seconds."""

    duration_s: float = 0.0
    latencies_s: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    connections: int = 0

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return len(self.latencies_s) / self.duration_s

    def percentile_ms(self, share: float) -> float:
        """The latency, in milliseconds, that this share of requests stayed within."""
        ordered = sorted(self.latencies_s)
        return 1000 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def run(port: int, *, connections: int, duration_s: float, request: Callable[[], bytes]) -> Figures:
    """Load the loopback port for a while; `request` renders each request in full."""
    return asyncio.run(_run(port, connections, duration_s, request))


async def _run(
    port: int, connections: int, duration_s: float, request: Callable[[], bytes]
) -> Figures:
    figures = Figures()
    began_s = time.perf_counter()
    clients = [_client(port, began_s + duration_s, request, figures) for _ in range(connections)]
    await asyncio.gather(*clients)
    figures.duration_s = time.perf_counter() - began_s
    return figures


async def _client(port: int, end_s: float, request: Callable[[], bytes], figures: Figures) -> None:
    while time.perf_counter() < end_s:
        try:
            await _connection(port, end_s, request, figures)
        except (OSError, EOFError, TimeoutError) as error:
            figures.statuses[type(error).__name__] += 1
            await asyncio.sleep(0.05)


async def _connection(
    port: int, end_s: float, request: Callable[[], bytes], figures: Figures
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    figures.connections += 1
    try:
        keeps = True
        while keeps and time.perf_counter() < end_s:
            sent_s = time.perf_counter()
            writer.write(request())
            status, keeps = await asyncio.wait_for(_answer(reader), _TIMEOUT_S)
            figures.latencies_s.append(time.perf_counter() - sent_s)
            figures.statuses[status] += 1
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[str, bool]:
    """The status of one whole answer, and whether the server keeps the connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return head.split(b" ", 2)[1].decode(), b"connection: close" not in head
