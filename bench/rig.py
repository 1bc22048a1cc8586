"""What the measurements share: the whole gateway, merchants, and a plain HTTP/1.1 exchange."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Self

from dev import merchant
from dev.merchant import Merchant
from dev.servers import DURABLE, servers, temporary_directory
from dev.stack import Stack

LIMITS: Final[Mapping[str, str]] = {
    "RATE_LIMIT_PER_KEY": "1000000/second",
    "RATE_LIMIT_PER_TENANT": "1000000/second",
    "RATE_LIMIT_PER_ADDRESS": "1000000/second",
    "NUMBER_MAX_OPEN": "1000000",
    "NUMBER_MAX_PER_MINUTE": "1000000",
    "NUMBER_MAX_PER_HOUR": "1000000",
    "MTN_POLLS_PER_S": "100000",
    "AIRTEL_POLLS_PER_S": "100000",
    "AIRTEL_FIRST_POLL_S": "1",
    "LOG_LEVEL": "WARNING",
    "WEB_CONCURRENCY": "2",
}
"""Limits that no run reaches, and what a machine of 2 cores has."""


CREDENTIALS: Final[Mapping[str, Mapping[str, str]]] = {
    "MTN": {
        "subscriptionKey": "MTN_COLLECTION_SUBSCRIPTION_KEY",
        "apiUser": "MTN_COLLECTION_API_USER",
        "apiKey": "MTN_COLLECTION_API_KEY",
    },
    "AIRTEL": {"clientId": "AIRTEL_CLIENT_ID", "clientSecret": "AIRTEL_CLIENT_SECRET"},
    "ZAMTEL": {
        "thirdPartyId": "ZAMTEL_THIRD_PARTY_ID",
        "password": "ZAMTEL_PASSWORD",
        "shortcode": "ZAMTEL_SHORTCODE",
    },
}
"""Of each network, the credentials that its simulator takes: their names, and their variables."""


@contextmanager
def open_rig(environment: Mapping[str, str]) -> Iterator[Stack]:
    """The processes on a PostgreSQL that syncs; nothing is started yet but the servers."""
    with (
        temporary_directory() as directory,
        servers(directory, settings=DURABLE) as started,
        Stack(started, directory, environment=environment) as stack,
    ):
        stack.migrate()
        yield stack


@dataclass(frozen=True)
class Merchants:
    """Merchants, who take turns."""

    headers: tuple[Mapping[str, str], ...]
    prefixes: Sequence[str] = ("26096",)
    """What the numbers of their customers begin with, in turns."""

    @classmethod
    def open(
        cls, stack: Stack, *, count: int, receiver: str | None = None, live: bool = False
    ) -> Self:
        """Register them: with test keys, or live ones; with live keys and webhooks if there is a
        `receiver`.
        """
        headers = []
        for number in range(count):
            known = Merchant.register(
                stack.url, business_name=f"Shop {number}", email="shop@shop.example"
            )
            if live or receiver is not None:
                known = known.live()
            if receiver is not None:
                address = f"{stack.url}/api/v1/webhook-endpoints"
                merchant.call("POST", address, headers=known.headers, json={"url": receiver})
            headers.append(known.headers)
        return cls(tuple(headers))

    def with_wallets(self, stack: Stack) -> Self:
        """The same merchants, each with a wallet of their own at every network, whose customers
        they then have in turns.
        """
        for own in self.headers:
            for code, names in CREDENTIALS.items():
                given = {name: stack.environment[variable] for name, variable in names.items()}
                wanted = {"provider": code, "name": "Till", "credentials": given}
                wallets = f"{stack.url}/api/v1/wallets"
                made = merchant.call("POST", wallets, headers=dict(own), json=wanted)
                merchant.call("POST", f"{wallets}/{made['id']}/verify", headers=dict(own))
        return replace(self, prefixes=("26096", "26097", "26095"))

    def order(self, number: int) -> tuple[str, bytes]:
        """An order's externalId, and the request for it."""
        external_id = f"{time.time_ns()}-{number}"
        msisdn = f"{self.prefixes[number % len(self.prefixes)]}{number % 10**7:07d}"
        body = f'{{"externalId":"{external_id}","amount":"12.50","msisdn":"{msisdn}"}}'
        own = self.headers[number % len(self.headers)]
        lines = "".join(f"{name}: {text}\r\n" for name, text in own.items())
        head = (
            f"POST /api/v1/payments HTTP/1.1\r\nHost: bench\r\n{lines}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return external_id, (head + body).encode()


@dataclass(frozen=True, slots=True)
class Head:
    """Of a request or an answer."""

    status: str
    length: int
    keeps: bool


async def http_head(reader: asyncio.StreamReader) -> Head:
    """The next head; of a request `status` is its path."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    return Head(head.split(b" ", 2)[1].decode(), int(length or 0), b"connection: close" not in head)


Link = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def exchange(link: Link, request: bytes) -> Head | None:
    """Send a request and read its answer to the end; None if the server had closed the link."""
    reader, writer = link
    try:
        writer.write(request)
        head = await http_head(reader)
        await reader.readexactly(head.length)
    except (EOFError, ConnectionError):
        return None
    return head
