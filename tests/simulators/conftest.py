"""What tests of all simulators share: references, waiting, and a gateway that gets callbacks."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@pytest.fixture
def reference_id() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait until something is true, or fail after 5 s."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 5
        while not condition():
            assert time.monotonic() < deadline, "not within 5 s"
            time.sleep(0.01)

    return wait


class Gateway(ThreadingHTTPServer):
    """Receives callbacks and keeps method, path and raw body."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Callback)
        self.received: list[tuple[str, str, bytes]] = []
        self.answer = 200

    def url(self, path: str = "/callbacks/network/token") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Callback(BaseHTTPRequestHandler):
    server: Gateway

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.command, self.path, content))
        self.send_response(self.server.answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
