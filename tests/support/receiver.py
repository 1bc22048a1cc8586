"""A server on loopback: keeps what it hears and answers what the test says."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook
from werkzeug import Request, Response


@dataclass(frozen=True)
class Received:
    """One request as it came in, its header names in lower case; `at_s` is monotonic."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """The event, once the reference library has found the signature good."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass(frozen=True)
class Says:
    """An answer; it waits for `when` first."""

    status: int = 200
    body: bytes = b"thank you"
    headers: Mapping[str, str] = field(default_factory=dict)
    when: threading.Event | None = None


class Receiver:
    """`answer` decides about each request; 200 unless the test says otherwise."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.port}/hooks"
        self.stop = server.stop
        self.received: list[Received] = []
        self.answer: Callable[[Received], Says] = lambda _: Says()
        self._change = threading.Condition()

    def respond(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        method, path, body = request.method, request.path, request.get_data()
        received = Received(method, path, headers, body, time.monotonic())
        with self._change:
            self.received.append(received)
            self._change.notify_all()
        says = self.answer(received)
        if says.when is not None:
            says.when.wait(60)
        return Response(says.body, says.status, says.headers)

    def await_received(self, count: int, *, timeout_s: float = 10) -> list[Received]:
        """What was received, once it is so many requests."""
        with self._change:
            enough = self._change.wait_for(lambda: len(self.received) >= count, timeout_s)
            assert enough, f"{len(self.received)} of {count} requests came"
            return list(self.received)


class _Server(HTTPServer):
    def thread_target(self) -> None:
        """Ends soon after it is told to; the library's own takes up to half a second."""
        assert self.server is not None
        self.server.serve_forever(poll_interval=0.02)


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """A receiver that listens until the end of the block."""
    with _Server(port=port, threaded=True) as server:
        made = Receiver(server)
        server.expect_request(re.compile("")).respond_with_handler(made.respond)
        yield made
