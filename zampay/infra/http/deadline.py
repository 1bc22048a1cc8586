"""An end for a whole exchange over HTTP, from the look-up of the name to the last byte: socket
timeouts count from byte to byte and address to address, this does not.

A server that sends one byte of its headers every few seconds would otherwise hold us for hours.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import connection
from urllib3.util.ssl_match_hostname import CertificateError

from zampay.infra.http.resolver import Resolver, Unresolved
from zampay.kernel import clock

MOST_ADDRESSES = 4
LONGEST_CONNECT_S = 30.0
MOST_KEPT_OPEN = 256
"""Connections to one host; a slow network has as many calls under way as a worker begins."""

_current = threading.local()


class NoTimer(RuntimeError):
    """The machine has no thread left for it."""


class TLSHandshakeFailed(NewConnectionError):
    """The server was not trusted, or does not speak TLS as we do."""


class Deadline:
    """Cuts the connections that were put under it once it has come."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._copies: list[socket.socket] = []
        self._at_s = clock.monotonic_s() + seconds
        self.has_come = False

    @property
    def left_s(self) -> float:
        """Seconds until it comes."""
        return self._at_s - clock.monotonic_s()

    def come(self) -> None:
        """Cut; whoever reads or writes gets an error or an end."""
        with self._lock:
            self.has_come = True
            for one in self._sockets:
                _cut(one)

    def watch(self, one: socket.socket) -> None:
        """Put a connection under this deadline."""
        with self._lock:
            self._sockets.append(one)
            if self.has_come:
                _cut(one)

    def watch_copy(self, one: socket.socket) -> None:
        """Put a new connection under this deadline by a descriptor of its own: a TLS handshake
        takes the socket's away.
        """
        copy = socket.socket(one.family, one.type, one.proto, fileno=os.dup(one.fileno()))
        self._copies.append(copy)
        self.watch(copy)

    def forget(self) -> None:
        """Leave the connections alone: they may go back to a pool."""
        with self._lock:
            self._sockets.clear()
            while self._copies:
                self._copies.pop().close()


@contextlib.contextmanager
def after(seconds: float) -> Iterator[Deadline]:
    """Cut the watched connections that this thread opens or uses in the block, in so many
    seconds.

    Raises:
        NoTimer: nothing of the block was done.
    """
    deadline = Deadline(seconds)
    timer = threading.Timer(seconds, deadline.come)
    timer.daemon = True
    try:
        timer.start()
    except RuntimeError as error:
        raise NoTimer(str(error)) from error
    _current.deadline = deadline
    try:
        yield deadline
    finally:
        timer.cancel()
        deadline.forget()
        _current.deadline = None


def _deadline() -> Deadline | None:
    """This thread's, if there is one."""
    found: Deadline | None = getattr(_current, "deadline", None)
    return found


def watch(one: socket.socket) -> None:
    """Put a connection under the deadline of this thread, if there is one."""
    deadline = _deadline()
    if deadline is not None:
        deadline.watch(one)


class WatchedConnection(HTTPConnection):
    """A connection for whose making and answer nobody waits longer than the thread's deadline
    allows, and for its making no longer than its time-out for connecting, however many addresses
    there are.
    """

    resolver = Resolver()

    def _new_conn(self) -> socket.socket:
        deadline = _deadline()
        left_s = self.timeout if isinstance(self.timeout, int | float) else LONGEST_CONNECT_S
        if deadline is not None:
            left_s = min(left_s, deadline.left_s)
        end_s = clock.monotonic_s() + left_s
        try:
            addresses = self._addresses(left_s)
        except Unresolved as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        made = self._connected(addresses[:MOST_ADDRESSES], end_s)
        if deadline is not None:
            deadline.watch_copy(made)
        return made

    def connect(self) -> None:
        """Connect, TLS handshake included.

        Raises:
            TLSHandshakeFailed: not one byte of a request was sent.
        """
        try:
            super().connect()
        except (OSError, CertificateError) as problem:
            raise TLSHandshakeFailed(self, type(problem).__name__) from problem

    def _addresses(self, timeout_s: float) -> list[str]:
        """Where to connect to.

        Raises:
            Unresolved.
        """
        return self.resolver.addresses(self.host, self._port, timeout_s=timeout_s)

    @property
    def _port(self) -> int:
        return self.port or self.default_port

    def _connected(self, addresses: list[str], end_s: float) -> socket.socket:
        """To the first address that takes the connection; each gets its share of the time."""
        problem: OSError = TimeoutError()
        for place, address in enumerate(addresses):
            share_s = (end_s - clock.monotonic_s()) / (len(addresses) - place)
            if share_s <= 0:
                break
            try:
                return connection.create_connection(
                    (address, self._port), share_s, socket_options=self.socket_options
                )
            except OSError as error:
                problem = error
        if isinstance(problem, TimeoutError):
            raise ConnectTimeoutError(self, "connecting took too long") from problem
        raise NewConnectionError(self, type(problem).__name__) from problem

    def getresponse(self) -> Any:
        """The answer, watched from before its first byte."""
        assert self.sock is not None, "a request has been sent"
        watch(self.sock)
        return super().getresponse()


class DeadlineAdapter(HTTPAdapter):
    """A transport adapter for requests whose connections are watched; `kind` may add to them."""

    def __init__(self, *, kind: type[WatchedConnection] = WatchedConnection) -> None:
        self.kind = kind
        super().__init__(pool_maxsize=MOST_KEPT_OPEN, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use our kind of connection in the pools."""
        super().init_poolmanager(*args, **kwargs)
        plain = type("Plain", (self.kind, HTTPConnection), {})
        secure = type("Secure", (self.kind, HTTPSConnection), {})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


def _cut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
