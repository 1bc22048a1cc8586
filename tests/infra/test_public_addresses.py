"""Only public addresses, in every spelling, judged where the connection is made."""

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.receiver import Receiver, receiver
from zampay.infra.http.outbound import NotConnected, Outbound
from zampay.infra.http.public_addresses import PublicOnlyAdapter, is_allowed, is_public, literal

PRIVATE = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],  # noqa: S104 - nothing binds to it
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12::1"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "link-local": ["169.254.1.1", "fe80::1", "fec0::1"],
    "metadata": ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16"],
    "shared by carriers": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"],
    "broadcast and reserved": ["255.255.255.255", "240.0.0.1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarks and protocols": ["198.18.0.1", "192.0.0.1", "192.0.0.192", "2001:2::1"],
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe"],
    "IPv4-compatible": ["::127.0.0.1", "::8.8.8.8", "::a9fe:a9fe"],
    "6to4": ["2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:808:808::1", "192.88.99.1"],
    "Teredo": ["2001:0:7f00:1::"],
    "NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1"],
    "discard": ["100::1"],
}
PUBLIC = ["8.8.8.8", "172.32.0.1", "169.253.1.1", "2606:4700::1111", "::ffff:8.8.8.8"]
PUBLIC += ["64:ff9b::6812:27e4"]  # NAT64: what a name without IPv6 resolves to on such a network
LOOPBACK_SPELLINGS = [
    *("127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1"),
    *("127.0.0.1.", "[::1]", "::1%lo", "0:0:0:0:0:0:0:1", "[::ffff:7f00:1]"),
]


@pytest.mark.parametrize("text", [text for texts in PRIVATE.values() for text in texts])
def test_no_such_address_is_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_such_an_address_is_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", LOOPBACK_SPELLINGS)
def test_every_spelling_of_an_address_is_read(text: str) -> None:
    address = literal(text)
    assert address is not None
    assert not is_public(address)


@pytest.mark.parametrize("text", ["shop.example", "127.0.0.1.nip.example", "1e3", "", "\u2460"])
def test_a_name_is_no_address(text: str) -> None:
    assert literal(text) is None


def test_development_adds_loopback_and_nothing_else() -> None:
    allowed = [
        text
        for texts in PRIVATE.values()
        for text in texts
        if is_allowed(ipaddress.ip_address(text), loopback=True)
    ]
    assert set(PRIVATE["loopback"]) <= set(allowed) <= {*PRIVATE["loopback"], "::ffff:127.0.0.1"}


class Names:
    """A name server that says what the test wants, a list of addresses for each question."""

    def __init__(self) -> None:
        self.answers: list[list[str]] = []
        self.asked = 0
        self._real = socket.getaddrinfo

    def resolve(self, host: str, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "shop.example":
            return self._real(host, port, *args, **kwargs)
        addresses = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            (socket.AF_INET6 if ":" in text else socket.AF_INET, socket.SOCK_STREAM, 6, "", place)
            for text in addresses
            for place in [(text, port)]
        ]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    made = Names()
    monkeypatch.setattr(socket, "getaddrinfo", made.resolve)
    return made


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as started:
        yield started


def send(shop: Receiver, *, loopback: bool) -> int:
    adapter = PublicOnlyAdapter(loopback=loopback)
    outbound = Outbound(connect_timeout_s=1, read_timeout_s=1, adapter=adapter)
    url = shop.url.replace("127.0.0.1", "shop.example")
    return outbound.send("POST", url, headers={}, body=b"{}").status


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["::1"], ["10.0.0.1"], ["::ffff:127.0.0.1"], ["8.8.8.8", "127.0.0.1"]],
)
def test_a_name_that_leads_inside_is_refused_before_a_connection(
    names: Names, shop: Receiver, addresses: list[str]
) -> None:
    names.answers = [addresses]
    with pytest.raises(NotConnected, match="NotPublicAddress"):
        send(shop, loopback=False)
    assert shop.received == []


def test_a_name_that_changes_its_mind_after_it_was_judged_gains_nothing(
    names: Names, shop: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the connection goes to the address that was judged, not to the name."""
    connected: list[str] = []

    def connect(_: socket.socket, place: Any) -> None:
        connected.append(place[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    names.answers = [["8.8.8.8"], ["127.0.0.1"]]
    with pytest.raises(NotConnected, match="NewConnectionError"):
        send(shop, loopback=False)
    assert (connected, names.asked) == (["8.8.8.8"], 1)


def test_a_name_that_leads_to_this_machine_is_in_order_in_development(
    names: Names, shop: Receiver
) -> None:
    names.answers = [["127.0.0.1"]]
    assert send(shop, loopback=True) == 200


def test_development_does_not_reach_into_the_local_network(names: Names, shop: Receiver) -> None:
    names.answers = [["192.168.1.1"]]
    with pytest.raises(NotConnected, match="NotPublicAddress"):
        send(shop, loopback=True)


def test_an_address_that_nobody_answers_at_gives_way_to_the_next(
    names: Names, shop: Receiver
) -> None:
    names.answers = [["127.0.0.2", "127.0.0.1"]]
    assert send(shop, loopback=True) == 200


def test_a_name_that_nobody_knows_is_not_connected(shop: Receiver) -> None:
    outbound = Outbound(
        connect_timeout_s=1, read_timeout_s=1, adapter=PublicOnlyAdapter(loopback=True)
    )
    url = f"http://{'x' * 64}.example/"
    with pytest.raises(NotConnected, match="NameResolutionError"):
        outbound.send("POST", url, headers={})
