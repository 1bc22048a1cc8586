"""How many payments a second the same packages bring from POST to the last webhook, with none of
the gateway's promises (`rulers/bare_path.py`): no gateway of these packages can exceed it here.

This program is the buyers, the network and the merchant, so that these cost as little as possible.
"""

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field

from bench.rig import exchange, http_head
from dev.environment import LOOPBACK

AT_ONCE = 96
CALLBACK_AFTER_S = 0.5
_LAST = b"SUCCESSFUL"


@dataclass
class Path:
    """One run: so many orders under way at once, for so long."""

    port: int
    seconds: float
    ended_s: list[float] = field(default_factory=list)
    """When the merchant heard of each ending."""
    _heard: dict[str, asyncio.Event] = field(default_factory=dict)
    _callbacks: set[asyncio.Task[None]] = field(default_factory=set)

    async def per_s(self, others_port: int) -> float:
        """Endings a second that the merchant heard of, after the first third."""
        server = await asyncio.start_server(self._serve, LOOPBACK, others_port)
        began_s = time.perf_counter()
        buyers = [asyncio.create_task(self._buy()) for _ in range(AT_ONCE)]
        await asyncio.sleep(self.seconds)
        for one in (*buyers, *self._callbacks):
            one.cancel()
        server.close()
        steady = [at for at in self.ended_s if at - began_s > self.seconds / 3]
        return len(steady) / (self.seconds * 2 / 3)

    async def _buy(self) -> None:
        link = await asyncio.open_connection(LOOPBACK, self.port)
        while True:
            order = uuid.uuid4().hex
            heard = self._heard[order] = asyncio.Event()
            body = {"externalId": order, "amount": "12.50", "msisdn": "260963123400"}
            if await exchange(link, _request("POST", "/orders", json.dumps(body))) is None:
                link = await asyncio.open_connection(LOOPBACK, self.port)
                continue
            await heard.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The network and the merchant."""
        try:
            while True:
                head = await http_head(reader)
                body = await reader.readexactly(head.length)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                _, who, order = head.status.split("/")
                if who == "network" and body:
                    self._callbacks.add(asyncio.create_task(self._call_back(order)))
                elif who == "merchant" and _LAST in body and order in self._heard:
                    self.ended_s.append(time.perf_counter())
                    self._heard.pop(order).set()
        except (EOFError, ConnectionError, asyncio.CancelledError):
            writer.close()

    async def _call_back(self, order: str) -> None:
        await asyncio.sleep(CALLBACK_AFTER_S)
        link = await asyncio.open_connection(LOOPBACK, self.port)
        await exchange(link, _request("PUT", f"/callbacks/{order}", "{}"))
        link[1].close()


def _request(method: str, path: str, body: str) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
