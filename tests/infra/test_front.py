"""The front of a web process, without a server: what it takes in, refuses, and gives on to WSGI."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask, Response, request

from zampay.infra.health.routes import health
from zampay.infra.web import front, large_answers, request_limits
from zampay.infra.web.front import Front
from zampay.infra.web.large_answers import GIVE_UP
from zampay.infra.web.load_shedding import STUCK

HOST = (b"host", b"pay.example")
JSON = (b"content-type", b"application/json")


def application() -> Flask:
    """Tells what it was asked."""
    app = Flask("told")
    request_limits.init(app)
    app.register_blueprint(health)

    def tell(path: str = "") -> dict[str, Any]:
        return {
            "method": request.method,
            "path": path,
            "query": request.query_string.decode(),
            "headers": dict(request.headers),
            "length": request.content_length,
            "body": request.get_data(as_text=True),
        }

    methods = ["GET", "POST"]
    app.add_url_rule("/", view_func=tell, methods=methods)
    app.add_url_rule("/<path:path>", view_func=tell, methods=methods)
    app.add_url_rule("/large", "large", lambda: Response(b"x" * 200_000))
    return app


class Asked:
    """One request, and what came of it."""

    def __init__(
        self,
        *headers: tuple[bytes, bytes],
        parts: Iterable[bytes] = (b"",),
        method: str = "POST",
        path: str = "/",
        version: str = "1.1",
    ) -> None:
        self._parts = list(parts)
        self.sent: list[Any] = []
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"a=b%20c",
            "http_version": version,
            "scheme": "http",
            "headers": [*headers],
            "client": ("192.0.2.7", 4711),
            "server": ("127.0.0.1", 8000),
        }

    async def receive(self) -> dict[str, Any]:
        if not self._parts:
            await asyncio.sleep(3600)
        part = self._parts.pop(0)
        if part is GONE:
            return {"type": "http.disconnect"}
        return {
            "type": "http.request",
            "body": part,
            "more_body": bool(self._parts) or part == MORE,
        }

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    def of(self, app: Front) -> "Asked":
        asyncio.run(app(self.scope, self.receive, self.send))
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])


MORE = b"{"
GONE = b"gone"


@pytest.fixture
def app() -> Front:
    return Front(application())


def test_the_application_gets_the_whole_request(app: Front) -> None:
    chunked = (b"transfer-encoding", b"chunked")
    asked = Asked(HOST, JSON, chunked, (b"accept", b"a"), (b"accept", b"b"), parts=[b"{", b"}"])
    told = json.loads(asked.of(app).body)
    assert (asked.status, told["method"], told["query"], told["body"]) == (
        200,
        "POST",
        "a=b%20c",
        "{}",
    )
    assert told["length"] == 2
    assert told["headers"]["Accept"] == "a,b"
    assert "Transfer-Encoding" not in told["headers"]


def test_the_path_is_what_was_sent(app: Front) -> None:
    asked = Asked(HOST, method="GET")
    asked.scope["raw_path"] = "/é%C3%A9/a%2Fb%20c".encode()
    assert json.loads(asked.of(app).body)["path"] == "éé/a/b c"


@pytest.mark.parametrize(
    "name", ["x_tenant_id", "X_Forwarded_For".lower(), "x_forwarded_proto", "content_length", "_"]
)
def test_a_name_with_an_underscore_reaches_nobody(app: Front, name: str) -> None:
    asked = Asked(HOST, JSON, (name.encode(), b"2"), parts=[b'{"a": 1}']).of(app)
    told = json.loads(asked.body)
    assert told["length"] == 8
    assert {header.lower() for header in told["headers"]} == {
        "host",
        "content-type",
        "content-length",
    }


REFUSED = {
    "two lengths": [HOST, (b"content-length", b"2"), (b"content-length", b"2")],
    "two hosts": [HOST, HOST],
    "two tenants": [HOST, (b"x-tenant-id", b"a"), (b"x-tenant-id", b"b")],
    "two keys": [HOST, (b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")],
    "two types": [HOST, JSON, JSON],
    "two ids": [HOST, (b"idempotency-key", b"a"), (b"idempotency-key", b"b")],
    "no host": [JSON],
    "a blank host": [(b"host", b" ")],
    "length and coding": [HOST, (b"content-length", b"2"), (b"transfer-encoding", b"chunked")],
    "another coding": [HOST, (b"transfer-encoding", b"gzip, chunked")],
    "a length that is none": [HOST, (b"content-length", b"+2")],
}


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED.keys())
def test_a_head_that_says_two_things_is_refused(
    app: Front, headers: list[tuple[bytes, bytes]]
) -> None:
    asked = Asked(*headers, (b"x-request-id", b"trace-12345"), parts=[b"{}"]).of(app)
    problem = json.loads(asked.body)
    assert (asked.status, problem["code"], problem["requestId"]) == (
        *(400, "malformed_request"),
        "trace-12345",
    )
    assert asked.headers[b"content-type"] == b"application/problem+json"
    assert asked.headers[b"x-request-id"] == b"trace-12345"
    assert asked.headers[b"connection"] == b"close"


@pytest.mark.parametrize(
    "headers",
    [[(b"x-a", b"x")] * 100, [(b"x-a", b"x" * 17_000)], [(b"x-a", b"x" * 200)] * 90],
)
def test_a_head_has_100_headers_and_16_kib(app: Front, headers: list[tuple[bytes, bytes]]) -> None:
    asked = Asked(HOST, *headers, method="GET").of(app)
    assert (asked.status, json.loads(asked.body)["code"]) == (431, "headers_too_large")
    assert Asked(HOST, *[(b"x-a", b"x" * 100)] * 99, method="GET").of(app).status == 200


@pytest.mark.parametrize("version", ["0.9", "2.0", "3.0"])
def test_another_version_than_1_0_and_1_1_is_refused(app: Front, version: str) -> None:
    asked = Asked(HOST, method="GET", version=version).of(app)
    assert (asked.status, json.loads(asked.body)["code"]) == (400, "malformed_request")


def test_http_1_0_knows_no_transfer_coding(app: Front) -> None:
    chunked = (b"transfer-encoding", b"chunked")
    assert Asked(HOST, JSON, chunked, parts=[b"{}"], version="1.0").of(app).status == 400


def test_http_1_0_needs_no_host(app: Front) -> None:
    assert Asked(method="GET", version="1.0").of(app).status == 200


@pytest.mark.parametrize(
    ("headers", "parts"),
    [([(b"content-length", b"65537")], []), ([], [b"x" * 40_000, b"x" * 25_537, MORE])],
)
def test_more_than_64_kib_are_refused_before_they_are_read(
    app: Front, headers: list[tuple[bytes, bytes]], parts: list[bytes]
) -> None:
    asked = Asked(HOST, JSON, *headers, parts=parts).of(app)
    assert (asked.status, json.loads(asked.body)["code"]) == (413, "body_too_large")
    exact = Asked(HOST, JSON, parts=[b"x" * 40_000, b"x" * 25_536]).of(app)
    assert (exact.status, json.loads(exact.body)["length"]) == (200, 65_536)


def test_a_body_that_does_not_come_is_refused_in_time(
    app: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front, "BODY_S", 0.05)
    asked = Asked(HOST, JSON, parts=[MORE]).of(app)
    assert (asked.status, json.loads(asked.body)["code"]) == (408, "request_timeout")
    assert asked.headers[b"connection"] == b"close"


def test_a_request_whose_client_left_is_not_worked_on() -> None:
    called: list[Any] = []
    asked = Asked(HOST, JSON, parts=[b"{", GONE]).of(Front(lambda *given: called.append(given)))  # type: ignore[arg-type]
    assert (asked.sent, called) == ([], [])


def test_a_large_answer_goes_out_in_pieces(app: Front) -> None:
    asked = Asked(HOST, method="GET", path="/large").of(app)
    assert (asked.status, asked.body) == (200, b"x" * 200_000)
    assert max(len(message.get("body", b"")) for message in asked.sent) == front.PIECE_BYTES


class SlowReader(Asked):
    """Reads nothing after the first piece, until it is given up."""

    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(HOST, *headers, method="GET", path="/large")
        self.begun, self.given_up = asyncio.Event(), asyncio.Event()
        self.scope[GIVE_UP] = self.given_up.set

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        if message.get("more_body"):
            self.begun.set()
            await self.given_up.wait()


def test_of_many_who_do_not_read_the_longest_is_given_up_for_whoever_comes_new(
    app: Front,
) -> None:
    async def journey() -> list[bool]:
        strangers = [SlowReader() for _ in range(large_answers.MOST - 2)]
        merchant = SlowReader((b"x-tenant-id", b"ten_01m8ftzrhw5h5mmzfe6grpvz1d"))
        readers = [merchant, *strangers, SlowReader(), SlowReader()]
        tasks = []
        for reader in readers:
            tasks.append(asyncio.create_task(app(reader.scope, reader.receive, reader.send)))
            await asyncio.wait_for(reader.begun.wait(), 10)
        given_up = [reader.given_up.is_set() for reader in readers]
        for reader in readers:
            reader.given_up.set()
        await asyncio.gather(*tasks)
        return given_up

    assert asyncio.run(journey()) == [False, True] + [False] * (large_answers.MOST - 1)


def test_alive_is_who_works(app: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Asked(HOST, method="GET", path=front.PROBE).of(app).status == 200
    monkeypatch.setattr(app._slots, "stuck", lambda: True)
    stuck = Asked(HOST, method="GET", path=front.PROBE).of(app)
    assert (stuck.status, json.loads(stuck.body)) == (503, {"status": "stuck"})
    assert STUCK == "zampay.stuck"


def test_probes_and_metrics_wait_for_no_other_request(
    app: Front, migrated_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app._slots, "_free", 0)
    monkeypatch.setattr(app._slots, "_waiting", 0)
    busy = Asked(HOST, method="GET").of(app)
    assert (busy.status, json.loads(busy.body)["code"]) == (503, "unavailable")
    assert int(busy.headers[b"retry-after"]) > 0
    assert Asked(HOST, method="GET", path=front.PROBE).of(app).status == 200
    assert Asked(HOST, method="GET", path="/metrics").of(app).status == 200
    rules = {rule.rule for rule in migrated_app.url_map.iter_rules()}
    assert {front.PROBE, *front.OVERVIEWS} <= rules
