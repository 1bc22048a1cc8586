"""A merchant's server on loopback: keeps what it hears and answers what the test says."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Received:
    """One request as it came in, its header names in lower case; `at_s` is monotonic."""

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

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hooks"
        self.received: list[Received] = []
        self.answer: Callable[[Received], Says] = lambda _: Says()
        self._change = threading.Condition()

    def receive(self, request: Received) -> Says:
        with self._change:
            self.received.append(request)
            self._change.notify_all()
        return self.answer(request)

    def await_received(self, count: int, *, timeout_s: float = 10) -> list[Received]:
        """What was received, once it is so many requests."""
        with self._change:
            enough = self._change.wait_for(lambda: len(self.received) >= count, timeout_s)
            assert enough, f"{len(self.received)} of {count} requests came"
            return list(self.received)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """Clients that break off are part of the tests."""


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """A receiver that listens until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            says = made.receive(Received(self.path, headers, body, time.monotonic()))
            if says.when is not None:
                says.when.wait(60)
            self.send_response(says.status)
            for name, value in says.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(says.body)))
            self.end_headers()
            self.wfile.write(says.body)

        def log_message(self, *_: Any) -> None:
            """Nothing on the screen."""

    with _Quiet(("127.0.0.1", port), Handler) as server:
        made = Receiver(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
