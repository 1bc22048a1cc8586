"""Whatever a merchant's server answers, or does not: bounded in size and time, and recorded."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from tests.support.fakes import HeldQueue
from tests.support.merchants import Merchant
from tests.support.receiver import Receiver, Says
from tests.support.refusals import refusal, wrong_fields
from tests.webhooks.given import endpoint, publish
from tests.webhooks.rows import only_delivery
from zampay.infra.http.outbound import NotConnected
from zampay.webhooks.delivery import sending
from zampay.webhooks.models import Delivery

HEAD = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def misbehaving(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that breaks HTTP as it likes; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    read_request(connection)
                    talk(connection)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join(10)


def read_request(connection: socket.socket) -> None:
    """Read all of it: with bytes unread, closing would be a reset."""
    received = b""
    while not received.endswith(b"}}"):
        received += connection.recv(65536)


def scale(app: Flask, monkeypatch: pytest.MonkeyPatch, by: float) -> None:
    """The same limits, by so much shorter."""
    monkeypatch.setattr(sending, "TIMEOUT_S", sending.TIMEOUT_S * by)
    monkeypatch.setattr(sending, "CONNECT_TIMEOUT_S", sending.CONNECT_TIMEOUT_S * by)
    monkeypatch.setitem(app.extensions, "webhook_outbound", None)
    sending.init(app, development=True)


@pytest.fixture
def hurry(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second is 40 milliseconds."""
    scale(app, monkeypatch, 0.04)


def outcome(app: Flask, merchant: Merchant, task_queue: HeldQueue, url: str) -> Delivery:
    """What became of the first attempt at one event."""
    endpoint(merchant, url)
    publish(app, merchant)
    task_queue.run_all()
    return only_delivery(app)


def test_an_attempt_takes_at_most_fifteen_seconds_in_all(app: Flask) -> None:
    assert app.extensions["webhook_outbound"].longest_s == sending.TIMEOUT_S == 15


def test_an_answer_after_twelve_seconds_counts(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    scale(app, monkeypatch, 0.1)

    def late(connection: socket.socket) -> None:
        time.sleep(1.2)
        connection.sendall(HEAD + b"Content-Length: 0\r\n\r\n")

    with misbehaving(late) as url:
        row = outcome(app, merchant, task_queue, url)
    assert (row.status, row.answer_status) == ("DELIVERED", 200)


def drip(connection: socket.socket, start: bytes, drop: bytes) -> None:
    connection.sendall(start)
    for _ in range(100):
        time.sleep(0.05)
        connection.sendall(drop)


SLOW = {
    "no answer at all": lambda connection: connection.recv(1),
    "a status line byte by byte": lambda connection: drip(connection, b"HTTP/1.1 2", b"0"),
    "only promises": lambda connection: drip(connection, b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("case", SLOW)
def test_a_server_that_takes_its_time_is_cut_off(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, hurry: None, case: str
) -> None:
    with misbehaving(SLOW[case]) as url:
        began_s = time.monotonic()
        row = outcome(app, merchant, task_queue, url)
        took_s = time.monotonic() - began_s
    assert took_s < 1.5
    assert (row.status, row.attempts, row.answer_status) == ("PENDING", 1, None)
    assert row.answer_text == "no answer: timed out after 0.6 seconds"
    assert row.latency_ms is not None
    assert row.latency_ms >= 300


ENDLESS = {
    "headers one by one": (HEAD, b"X-Drop: 1\r\n"),
    "a header byte by byte": (HEAD + b"X-Long: ", b"x"),
    "a body byte by byte": (HEAD + b"Content-Length: 1000000\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_after_a_200_in_time_the_rest_is_not_waited_for(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, hurry: None, case: str
) -> None:
    with misbehaving(lambda connection: drip(connection, *ENDLESS[case])) as url:
        began_s = time.monotonic()
        row = outcome(app, merchant, task_queue, url)
        assert time.monotonic() - began_s < 1.5
    assert (row.status, row.answer_status) == ("DELIVERED", 200)


def test_of_a_big_answer_the_first_kilobyte_is_kept(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    shop.answer = lambda _: Says(200, b"\xc3\xa9" * 5_000_000)
    row = outcome(app, merchant, task_queue, shop.url)
    assert (row.status, row.answer_text) == ("DELIVERED", "\u00e9" * 1024)


def test_of_an_endless_answer_little_is_read(
    app: Flask, merchant: Merchant, task_queue: HeldQueue
) -> None:
    sent: list[int] = []

    def pour(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Content-Length: 1000000000\r\n\r\n")
        while len(sent) < 5000:
            connection.sendall(b"x" * 64 * 1024)
            sent.append(64)

    with misbehaving(pour) as url:
        row = outcome(app, merchant, task_queue, url)
    assert (row.status, row.answer_text) == ("DELIVERED", "x" * 1024)
    assert sum(sent) < 16 * 1024, "kilobytes; the system's own buffers take some of them"


def test_a_compressed_giant_is_not_unpacked_for_long(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    bomb = gzip.compress(b"\0" * 100_000_000)
    shop.answer = lambda _: Says(500, bomb, {"Content-Encoding": "gzip"})
    row = outcome(app, merchant, task_queue, shop.url)
    assert (row.answer_status, len(row.answer_text or "")) == (500, 1024)


def test_bytes_that_are_no_text_are_kept_as_what_the_database_takes(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    shop.answer = lambda _: Says(500, b"\x00\xff\xfe")
    row = outcome(app, merchant, task_queue, shop.url)
    assert row.answer_text == "\N{REPLACEMENT CHARACTER}" * 3


BROKEN = {
    "hangs up": lambda connection: connection.close(),
    "speaks another language": lambda connection: connection.sendall(b"SSH-2.0-shop\r\n"),
    "a status of letters": lambda connection: connection.sendall(b"HTTP/1.1 OK fine\r\n\r\n"),
    "a header without end": lambda connection: connection.sendall(HEAD + b"X: " + b"x" * 70_000),
    "a thousand headers": lambda connection: connection.sendall(HEAD + b"X: 1\r\n" * 1000),
}


@pytest.mark.parametrize("case", BROKEN)
def test_an_answer_that_is_no_http_is_a_failure_like_any_other(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, hurry: None, case: str
) -> None:
    with misbehaving(BROKEN[case]) as url:
        row = outcome(app, merchant, task_queue, url)
    assert (row.status, row.attempts) == ("PENDING", 1)
    assert (row.answer_text or "").startswith("no answer: ")


HALF = {
    "half a body": b"Content-Length: 9\r\n\r\nx",
    "bad chunks": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "not gzip": b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
}


@pytest.mark.parametrize("case", HALF)
def test_the_status_decides_whatever_becomes_of_the_body(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, hurry: None, case: str
) -> None:
    with misbehaving(lambda connection: connection.sendall(HEAD + HALF[case])) as url:
        row = outcome(app, merchant, task_queue, url)
    assert (row.status, row.answer_status) == ("DELIVERED", 200)


def test_a_refused_connection_is_named_in_the_log(
    app: Flask, merchant: Merchant, task_queue: HeldQueue
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    row = outcome(app, merchant, task_queue, f"http://127.0.0.1:{port}/")
    assert row.answer_text == "no answer: connection refused"


def test_a_name_inside_our_network_answers_as_an_unknown_one(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    for kind in ("NameResolutionError", "NotPublicAddress"):

        def fails(*_: object, kind: str = kind, **__: object) -> None:
            time.sleep(0.01)
            raise NotConnected(kind)

        monkeypatch.setattr(app.extensions["webhook_outbound"], "send", fails)
        made = endpoint(merchant, "http://127.0.0.1:9/")
        answer = merchant.post(f"/webhook-endpoints/{made['id']}/test").json
        shown.append({name: answer[name] for name in ("answerText", "latencyMs", "answerStatus")})
    assert shown[0] == shown[1]
    assert shown[0]["latencyMs"] == 0


def test_the_delivery_log_shows_status_attempts_answer_latency_and_next_try(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    shop.answer = lambda _: Says(500, b"x" * 3000)
    made = endpoint(merchant, shop.url)
    event = publish(app, merchant)
    task_queue.run_all()
    (line,) = merchant.get(f"/webhook-endpoints/{made['id']}/deliveries").json["data"]
    assert line["eventId"] == event.id
    shown = {name: line[name] for name in ("eventType", "sequence", "status", "attempts")}
    assert shown == {
        "eventType": "payment.successful",
        "sequence": 1,
        "status": "PENDING",
        "attempts": 1,
    }
    assert (line["answerStatus"], line["answerText"]) == (500, "x" * 1024)
    assert line["latencyMs"] >= 0
    assert line["lastAttemptAt"] < line["nextAttemptAt"]
    assert line["deliveredAt"] is None


def test_the_delivery_log_has_pages_newest_first(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    made = endpoint(merchant, shop.url)
    for _ in range(5):
        publish(app, merchant)
    task_queue.run_all()
    path, seen = f"/webhook-endpoints/{made['id']}/deliveries", []
    after: dict[str, Any] = {}
    while True:
        page = merchant.get(path, limit=2, **after).json
        seen += [line["sequence"] for line in page["data"]]
        if not page["hasMore"]:
            break
        after = {"after": page["nextCursor"]}
    assert seen == [5, 4, 3, 2, 1]


def test_the_delivery_log_can_be_asked_for_one_status(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver
) -> None:
    path = f"/webhook-endpoints/{endpoint(merchant, shop.url)['id']}/deliveries"
    for status in (200, 500, 200):
        shop.answer = lambda _, status=status: Says(status)  # type: ignore[misc]
        publish(app, merchant)
        task_queue.run_all()

    def seen(status: str) -> list[int]:
        return [line["sequence"] for line in merchant.get(path, status=status).json["data"]]

    assert (seen("PENDING"), seen("DELIVERED"), seen("EXHAUSTED")) == ([2], [3, 1], [])
    refused = refusal(merchant.get(path, status="FAILED"), 422, "validation_failed")
    assert wrong_fields(refused) == {"status"}
