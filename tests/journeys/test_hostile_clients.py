"""Whatever a client sends, or leaves out, costs a connection: other merchants notice nothing, it is
told what was wrong, and half a request is never worked on.
"""

import json
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.journeys.gateway import Gateway
from tests.journeys.hostile import Received, assert_served, connect, crowd, head, run, say
from tests.journeys.shop import Shop

LARGE = b"GET /api/docs/ui/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE_ONCE = LARGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
MANY = 60  # more than both web processes have places and threads
Bad = Callable[[Shop, bytes], bytes]


def test_bodies_that_do_not_come_keep_nobody_waiting_and_are_cut(
    gateway: Gateway, shop: Shop
) -> None:
    port = gateway.stack.port
    crowds = [
        (head(shop, "Content-Length: 110") + b'{"externalId"', b""),
        (head(shop, "Content-Length: 1100") + b'{"externalId"', b"x"),
        (head(shop, "Transfer-Encoding: chunked") + b"400\r\n{", b"x"),
        (head(shop, "Content-Length: 110", "Expect: 100-continue"), b""),
    ]
    with ExitStack() as stack:
        clients = [
            stack.enter_context(crowd(port, MANY, begins, drips=drips)) for begins, drips in crowds
        ]
        assert_served(shop)
        began_s = time.monotonic()
        received = [run(client) for few in clients for client in (few[0], few[-1])]
        assert time.monotonic() - began_s < 15
        assert {(one.statuses[-1], one.ended) for one in received} == {(408, True)}
        assert {one.problem["code"] for one in received} == {"request_timeout"}
        assert_served(shop)


def test_who_left_holds_nothing(gateway: Gateway, shop: Shop) -> None:
    for _ in range(3):
        with crowd(gateway.stack.port, MANY, head(shop, "Content-Length: 9") + b"{"):
            pass
        with crowd(gateway.stack.port, MANY, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            pass
    assert_served(shop)


@pytest.mark.long
def test_heads_that_do_not_come_and_silence_keep_nobody_waiting_and_are_cut(
    gateway: Gateway, shop: Shop
) -> None:
    port = gateway.stack.port
    with (
        crowd(port, 1500, b"") as silent,
        crowd(port, MANY, b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", drips=b"x") as dripping,
        crowd(port, MANY, b"GET / HT") as stalled,
    ):
        assert_served(shop)
        assert run(silent[-1]) == Received(b"", ended=True)
        for client in (dripping[0], stalled[0]):
            received = run(client)
            assert (received.statuses, received.ended) == ([408], True)
        assert_served(shop)


@pytest.mark.long
def test_who_does_not_read_the_answer_keeps_nobody_waiting(gateway: Gateway, shop: Shop) -> None:
    gateway.replace("web", WEB_CONCURRENCY="2")  # as the Procfile has it
    asked = LARGE * 8
    with ExitStack() as stack:
        clients = [stack.enter_context(connect(gateway.stack.port)) for _ in range(MANY)]
        for client in clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(asked)
        gateway.until(lambda: _is_served(shop), "an answer beside those who do not read")
        assert_served(shop)
        # A large answer may be shed (503) as long as those who do not read are not yet cut.
        gateway.until(lambda: _two_large_answers(gateway) == [200, 200], "large answers, too")


def _two_large_answers(gateway: Gateway) -> list[int]:
    return say(gateway.stack.port, LARGE + LARGE_ONCE).statuses


def _is_served(shop: Shop) -> bool:
    try:
        assert_served(shop, times=1)
    except (AssertionError, OSError):
        return False
    return True


def sized(length: int) -> Bad:
    return lambda shop, body: head(shop, f"Content-Length: {length + len(body)}") + body


def with_headers(*headers: str, body: bytes = b"") -> Bad:
    def made(shop: Shop, order: bytes) -> bytes:
        length = f"Content-Length: {len(order)}"
        return head(shop, *[header.replace("LENGTH", length) for header in headers]) + (
            body or order
        )

    return made


def chunks(*parts: bytes) -> Bad:
    return lambda shop, order: (
        head(shop, "Transfer-Encoding: chunked") + b"".join(parts).replace(b"ORDER", order)
    )


REFUSED: dict[str, tuple[Bad, bool, int, str]] = {
    "ten too few, then the end": (sized(10), True, 400, "malformed_request"),
    "no last chunk, then the end": (
        *(lambda shop, order: chunks(b"%x\r\nORDER\r\n" % len(order))(shop, order), True),
        *(400, "malformed_request"),
    ),
    "a chunk without a size": (
        chunks(b"zz\r\nORDER\r\n0\r\n\r\n"),
        False,
        400,
        "malformed_request",
    ),
    "a chunk longer than its size": (
        *(chunks(b"2\r\nORDER\r\n0\r\n\r\n"), False, 400, "malformed_request"),
    ),
    "length and coding": (
        with_headers("LENGTH", "Transfer-Encoding: chunked"),
        False,
        400,
        "malformed_request",
    ),
    "coding and length": (
        with_headers("Transfer-Encoding: chunked", "LENGTH"),
        False,
        400,
        "malformed_request",
    ),
    "two lengths": (with_headers("LENGTH", "LENGTH"), False, 400, "malformed_request"),
    "two lengths in one": (
        with_headers("Content-Length: 5, 5"),
        False,
        400,
        "malformed_request",
    ),
    "another coding": (
        with_headers("Transfer-Encoding: xchunked"),
        False,
        400,
        "malformed_request",
    ),
    "a blank before the colon": (
        with_headers("LENGTH", "Transfer-Encoding : chunked"),
        False,
        400,
        "malformed_request",
    ),
    "two tenants": (with_headers("LENGTH", "x-tenant-id: ten_0"), False, 400, "malformed_request"),
    "two hosts": (with_headers("LENGTH", "Host: evil.example"), False, 400, "malformed_request"),
    "a large body": (sized(70_000), False, 413, "body_too_large"),
    "a large body that comes": (
        *(with_headers("Content-Length: 300000", body=b" " * 300_000), False),
        *(413, "body_too_large"),
    ),
    "large chunks": (
        *(chunks(*[b"8000\r\n" + b" " * 0x8000 + b"\r\n"] * 4, b"0\r\n\r\n"), False),
        *(413, "body_too_large"),
    ),
    "a large head": (
        *(with_headers("LENGTH", f"X-A: {'x' * 200_000}"), False, 431, "headers_too_large"),
    ),
    "many headers": (
        *(with_headers("LENGTH", *["X-A: x"] * 4000), False, 431, "headers_too_large"),
    ),
}


@pytest.mark.parametrize(("bad", "ends", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_broken_is_refused_in_words_and_never_worked_on(
    gateway: Gateway, shop: Shop, payer: str, bad: Bad, *, ends: bool, status: int, code: str
) -> None:
    before = gateway.books.payments()
    order = json.dumps(shop.order(payer)).encode()
    received = say(gateway.stack.port, bad(shop, order), ends=ends)
    assert (received.statuses, received.ended) == ([status], True)
    assert received.problem["code"] == code
    assert received.problem["requestId"].startswith("req_")
    assert gateway.books.payments() == before


def test_a_name_with_underscores_is_no_header(gateway: Gateway, shop: Shop) -> None:
    closing = ("Connection: close", "x_tenant_id: ten_0", "Content_Length: 5", "HTTP_HOST: x")
    received = say(gateway.stack.port, head(shop, *closing, method="GET"))
    assert received.statuses == [200]


TRAILERS = {
    "another tenant": (b"x-tenant-id: ten_0\r\n", [202]),
    "another host": (b"Host: evil.example\r\n", [202]),
    "a length": (b"Content-Length: 5\r\n", [400]),
    "more than a head may have": (b"x-a: " + b"x" * 20_000 + b"\r\n", [202]),
    "without end": (b"x-a: " + b"x" * 3_000_000 + b"\r\n", [431]),
}


@pytest.mark.parametrize(("trailers", "statuses"), TRAILERS.values(), ids=TRAILERS.keys())
def test_what_is_named_behind_the_body_is_no_header(
    gateway: Gateway, shop: Shop, payer: str, trailers: bytes, statuses: list[int]
) -> None:
    order = json.dumps(shop.order(payer)).encode()
    begins = head(shop, "Transfer-Encoding: chunked", "Connection: close")
    whole = begins + b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(order), order, trailers)
    received = say(gateway.stack.port, whole)
    assert (received.statuses, received.ended) == (statuses, True)


def test_a_key_behind_the_body_is_no_key(gateway: Gateway, shop: Shop, payer: str) -> None:
    order = json.dumps(shop.order(payer)).encode()
    begins = b"POST /api/v1/payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    key = f"Authorization: Bearer {shop.key}\r\nx-tenant-id: {shop.tenant_id}\r\n".encode()
    coding = b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    whole = begins + coding + b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(order), order, key)
    assert say(gateway.stack.port, whole).statuses == [401]


def test_pipelined_requests_are_answered_in_order_and_not_without_end(
    gateway: Gateway, shop: Shop
) -> None:
    one = head(shop, method="GET", path="/api/v1/payments?limit=1")
    other = head(shop, method="GET", path="/nothing")
    last = head(shop, "Connection: close", method="GET", path="/api/v1/payments?limit=1")
    assert say(gateway.stack.port, one + other + last).statuses == [200, 404, 200]
    received = say(gateway.stack.port, one * 5000)
    assert received.ended
    assert 1 <= len(received.statuses) < 50


def test_a_broken_request_takes_no_answer_from_the_one_before_it(
    gateway: Gateway, shop: Shop, payer: str
) -> None:
    order = json.dumps(shop.order(payer)).encode()
    whole = head(shop, f"Content-Length: {len(order)}") + order
    received = say(gateway.stack.port, whole + b"not HTTP at all\r\n\r\n")
    assert (received.statuses, received.ended) == ([202], True)


def test_a_client_that_waits_for_100_is_told_to_go_on_and_served(
    gateway: Gateway, shop: Shop, payer: str
) -> None:
    order = json.dumps(shop.order(payer)).encode()
    headers = (f"Content-Length: {len(order)}", "Expect: 100-continue", "Connection: close")
    with connect(gateway.stack.port) as connection:
        connection.sendall(head(shop, *headers))
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(order)
        assert run(connection).statuses == [202]


def test_what_asks_for_another_protocol_is_answered_in_this_one(
    gateway: Gateway, shop: Shop
) -> None:
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
    received = say(gateway.stack.port, head(shop, *upgrade, method="GET"))
    assert (received.statuses, received.ended) == ([200], True)
    assert b"\nserver:" not in received.raw.lower()
