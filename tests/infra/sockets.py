"""A server made of bare sockets, so that it can misbehave in ways that no HTTP server would."""

import contextlib
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Behaviour = Callable[[socket.socket], None]


class Misbehaving:
    """Takes connections one after the other and lets the behaviour deal with each request."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._behaviour = behaviour
        self._thread = threading.Thread(target=self._serve)
        self.requests: list[bytes] = []
        self.over = threading.Event()
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                if self.over.is_set():
                    return
                self._serve_one(connection)

    def _serve_one(self, connection: socket.socket) -> None:
        request = b""
        while not _is_whole(request):
            part = connection.recv(65536)
            if not part:
                return
            request += part
        self.requests.append(request)
        self._behaviour(connection)

    def close(self) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.getsockname(), timeout=1).close()
        self._thread.join(10)
        self._listener.close()


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return bool(end) and len(body) >= int(length[1] if length else 0)


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[Misbehaving]:
    server = Misbehaving(behaviour)
    try:
        yield server
    finally:
        server.close()


def says(raw: bytes) -> Behaviour:
    """Send these bytes and close."""
    return lambda connection: connection.sendall(raw)


def answers(body: bytes = b"", status: str = "200 OK", *headers: str) -> Behaviour:
    """A whole and proper answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return says("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def resets(connection: socket.socket) -> None:
    """Close with RST, as a crashed host does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangs_up(connection: socket.socket) -> None:
    """Read the request and close in good order, without a word."""
    connection.shutdown(socket.SHUT_RDWR)


def keeps_silent(connection: socket.socket) -> None:
    """Wait until the other side gives up."""
    connection.recv(1)


def drips(begins: bytes) -> Behaviour:
    """After this a byte now and then, sooner than the read timeout, while somebody listens."""

    def behaviour(connection: socket.socket) -> None:
        connection.sendall(begins)
        pause = threading.Event()
        for _ in range(1000):
            connection.sendall(b"x")
            pause.wait(0.05)

    return behaviour


def never_stops(connection: socket.socket) -> None:
    """An endless body, as fast as it goes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)
