"""Looking up a name ends in time, and what hangs there neither leaks nor takes others' places."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from urllib3.util import connection

from tests.infra.sockets import answers, drips, serving
from zampay.infra.http.deadline import DeadlineAdapter
from zampay.infra.http.outbound import NotConnected, Outbound
from zampay.infra.http.public_addresses import PublicOnlyAdapter
from zampay.infra.http.resolver import Resolver, Unresolved

Adapter = Callable[[], DeadlineAdapter]
LOOK_UP = socket.getaddrinfo


class HangingDns:
    """Look-ups of names wait until the end of the test; addresses are taken as they are."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.asked: list[str] = []

    def resolve(self, host: str, *rest: Any, **named: Any) -> Any:
        if host.endswith(".example"):
            self.asked.append(host)
            self.may_end.wait(40)
            host = "127.0.0.1"
        return LOOK_UP(host, *rest, **named)


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingDns]:
    made = HangingDns()
    monkeypatch.setattr(socket, "getaddrinfo", made.resolve)
    yield made
    made.may_end.set()


ADAPTERS = [
    pytest.param(DeadlineAdapter, id="networks"),
    pytest.param(lambda: PublicOnlyAdapter(loopback=True), id="merchants"),
]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_send_does_not_wait_for_a_resolver_that_hangs(dns: HangingDns, adapter: Adapter) -> None:
    http = Outbound(connect_timeout_s=0.3, read_timeout_s=30, adapter=adapter())
    began_s = time.monotonic()
    with pytest.raises(NotConnected, match="NameResolutionError"):
        http.send("POST", "http://one.example/", headers={}, body=b"{}")
    assert time.monotonic() - began_s < 5


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_nor_longer_than_the_whole_exchange_may_take(dns: HangingDns, adapter: Adapter) -> None:
    http = Outbound(connect_timeout_s=30, read_timeout_s=30, longest_s=0.3, adapter=adapter())
    began_s = time.monotonic()
    with pytest.raises(NotConnected):
        http.send("POST", "https://two.example/", headers={}, body=b"{}")
    assert time.monotonic() - began_s < 5


def test_a_name_is_looked_up_once_however_many_wait_for_it(dns: HangingDns) -> None:
    resolver = Resolver()

    def ask(_: int) -> str:
        with pytest.raises(Unresolved):
            resolver.addresses("three.example", 80, timeout_s=0.2)
        return "ended"

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(24))) == ["ended"] * 24
    assert dns.asked == ["three.example"]
    dns.may_end.set()
    assert resolver.addresses("three.example", 80, timeout_s=10) == ["127.0.0.1"]


def test_look_ups_that_hang_are_bounded_and_addresses_need_none(dns: HangingDns) -> None:
    resolver = Resolver(most=2)
    for name in ("four.example", "five.example"):
        with pytest.raises(Unresolved):
            resolver.addresses(name, 80, timeout_s=0.05)
    began_s = time.monotonic()
    with pytest.raises(Unresolved, match="too many"):
        resolver.addresses("six.example", 80, timeout_s=30)
    assert time.monotonic() - began_s < 5
    assert resolver.addresses("127.0.0.1", 80, timeout_s=0.05) == ["127.0.0.1"]
    assert sorted(dns.asked) == ["five.example", "four.example"]


def test_merchants_names_take_no_look_up_from_the_networks() -> None:
    guarded = PublicOnlyAdapter(loopback=True)
    assert guarded.kind.resolver is not DeadlineAdapter().kind.resolver


def test_several_addresses_share_the_time_for_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[tuple[str, float]] = []

    def dead(address: tuple[str, int], timeout: float, **_: Any) -> None:
        tried.append((address[0], timeout))
        raise TimeoutError

    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"192.0.2.{n}", 80)) for n in range(20)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(connection, "create_connection", dead)
    with pytest.raises(NotConnected):
        Outbound(connect_timeout_s=4, read_timeout_s=1).send("GET", "http://many/", headers={})
    assert len(tried) == 4
    assert tried[0][1] == pytest.approx(1, abs=0.3)


def test_the_second_address_is_used_when_the_first_is_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(answers(b"ok")) as server:
        port = int(server.url.rpartition(":")[2])
        two = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))
            for host in ("127.0.0.9", "127.0.0.1")
        ]
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *rest, **named: two if host == "pair" else LOOK_UP(host, *rest, **named),
        )
        http = Outbound(connect_timeout_s=5, read_timeout_s=5)
        assert http.send("GET", f"http://pair:{port}/", headers={}).text == "ok"


def test_a_tls_handshake_that_drips_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its socket would wait: that begins anew once the connection is there."""
    connect = connection.create_connection

    def patient(address: tuple[str, int], _: float, **options: Any) -> socket.socket:
        return connect(address, 30, **options)

    monkeypatch.setattr(connection, "create_connection", patient)
    began_s = time.monotonic()
    with serving(drips(b"\x16\x03\x03\x40\x00")) as server:
        url = server.url.replace("http://", "https://")
        with pytest.raises(NotConnected, match="TLSHandshakeFailed"):
            Outbound(connect_timeout_s=5, read_timeout_s=5, longest_s=0.5).send(
                "GET", url, headers={}
            )
    assert time.monotonic() - began_s < 4
