"""An end for a whole exchange over HTTP: socket timeouts count from byte to byte, this does not.

A server that sends one byte of its headers every few seconds would otherwise hold us for hours.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

_current = threading.local()


class Cutoff:
    """Cuts the connections that were put under it once it has come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.has_come = False

    def come(self) -> None:
        """Cut; whoever reads or writes gets an error or an end."""
        with self._lock:
            self.has_come = True
            for one in self._sockets:
                _cut(one)

    def watch(self, one: socket.socket) -> None:
        """Put a connection under this cutoff."""
        with self._lock:
            self._sockets.append(one)
            if self.has_come:
                _cut(one)

    def forget(self) -> None:
        """Leave the connections alone: they may go back to a pool."""
        with self._lock:
            self._sockets.clear()


@contextlib.contextmanager
def after(seconds: float) -> Iterator[Cutoff]:
    """Cut the watched connections that this thread opens or uses in the block, in so many
    seconds.
    """
    cutoff = _current.cutoff = Cutoff()
    timer = threading.Timer(seconds, cutoff.come)
    timer.daemon = True
    timer.start()
    try:
        yield cutoff
    finally:
        timer.cancel()
        cutoff.forget()
        _current.cutoff = None


def watch(one: socket.socket) -> None:
    """Put a connection under the cutoff of this thread, if there is one."""
    cutoff: Cutoff | None = getattr(_current, "cutoff", None)
    if cutoff is not None:
        cutoff.watch(one)


class WatchedConnection(HTTPConnection):
    """A connection for whose answer nobody waits longer than the thread's cutoff allows."""

    def getresponse(self) -> Any:
        """The answer, watched from before its first byte."""
        assert self.sock is not None, "a request has been sent"
        watch(self.sock)
        return super().getresponse()


class CutoffAdapter(HTTPAdapter):
    """A transport adapter for requests whose connections are watched; `kind` may add to them."""

    def __init__(self, *, kind: type[WatchedConnection] = WatchedConnection) -> None:
        self._kind = kind
        super().__init__(pool_maxsize=32, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use our kind of connection in the pools."""
        super().init_poolmanager(*args, **kwargs)
        plain = type("Plain", (self._kind, HTTPConnection), {})
        secure = type("Secure", (self._kind, HTTPSConnection), {})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


def _cut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
