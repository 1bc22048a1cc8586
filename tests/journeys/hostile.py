"""Clients that want to do harm, or are broken, made of bare sockets."""

import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from dev.environment import LOOPBACK
from tests.journeys.shop import Shop

SOON_S = 4.0  # an answer takes 0.1 s on a quiet machine; who is shut out waits 5 s and more


@dataclass(frozen=True)
class Received:
    """What a client heard until the connection ended, or until it gave up."""

    raw: bytes
    ended: bool

    @property
    def statuses(self) -> list[int]:
        return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3})", self.raw)]

    @property
    def problem(self) -> dict[str, Any]:
        """The last answer's body."""
        found: dict[str, Any] = json.loads(self.raw.rpartition(b"\r\n\r\n")[2])
        return found


def connect(port: int) -> socket.socket:
    return socket.create_connection((LOOPBACK, port), timeout=20)


def run(connection: socket.socket, *, timeout_s: float = 20) -> Received:
    """All that comes until the end; a reset is no orderly end."""
    parts: list[bytes] = []
    deadline_s = time.monotonic() + timeout_s
    with contextlib.suppress(TimeoutError, ConnectionResetError):
        while (left_s := deadline_s - time.monotonic()) > 0:
            connection.settimeout(left_s)
            part = connection.recv(65536)
            if not part:
                return Received(b"".join(parts), ended=True)
            parts.append(part)
    return Received(b"".join(parts), ended=False)


def say(port: int, raw: bytes, *, ends: bool = False) -> Received:
    """Send this on a new connection, perhaps the end of it, too, and listen."""
    with connect(port) as connection:
        connection.sendall(raw)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        return run(connection)


@contextmanager
def crowd(
    port: int, number: int, begins: bytes, *, drips: bytes = b""
) -> Iterator[list[socket.socket]]:
    """So many clients that begin like this and then send nothing, or so much each half second."""
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.5):
            for one in connections:
                with contextlib.suppress(OSError):
                    one.send(drips)

    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(port)) for _ in range(number)]
        for one in connections:
            one.sendall(begins)
        dripping = threading.Thread(target=drip)
        if drips:
            dripping.start()
            stack.callback(dripping.join)
            stack.callback(over.set)
        yield connections


def head(shop: Shop, *headers: str, path: str = "/api/v1/payments", method: str = "POST") -> bytes:
    """The head of a request with the shop's key; the blank line after it, too."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: pay.example",
        "Content-Type: application/json",
        f"Authorization: Bearer {shop.key}",
        f"x-tenant-id: {shop.tenant_id}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def assert_served(shop: Shop, *, times: int = 4) -> None:
    """This merchant hears answers soon; new connections, so that every process is met."""
    for _ in range(times):
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(
                f"{shop.url}/api/v1/payments?limit=1",
                headers={"Authorization": f"Bearer {shop.key}", "x-tenant-id": shop.tenant_id},
                timeout=SOON_S,
            )
        assert answer.status_code == 200, answer.text
