"""One connection of a client: uvicorn's, with an end to everything that a client can draw out.

uvicorn itself waits without end for a head, reads heads of any size, queues any number of pipelined
requests, and waits without end for a client to read its answer. Here each has a limit; over all,
a process has so many connections, and a new one takes the place of the one that has been waiting
longest for its client, never of one with a request at work.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, cast

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from zampay.infra.telemetry import metrics
from zampay.infra.web.front import Asked
from zampay.infra.web.large_answers import GIVE_UP

HEAD_S = 10.0  # from the first byte to the end of a head; how long a new connection may be silent
READING_S = 20.0  # in which a client takes so much of an answer that more can be sent
LINGER_S = 2.0  # in which a client that still sends may read why it was refused
LAST_CALL_S = 1.0  # in which a connection that was just made may still ask while we end
MAX_HEAD_BYTES = 64 * 1024
MAX_BETWEEN_BYTES = 1024 * 1024  # sizes and extensions of chunks, and what follows the last one
MOST_CONNECTIONS = 1000
MOST_PIPELINED = 16

_waiting: "dict[Connection, None]" = {}
"""The connections of this process that wait for their client, the longest first."""


def _count(reason: str) -> None:
    with contextlib.suppress(Exception):  # a connection is cut whether or not that can be counted
        metrics.CONNECTIONS_CUT.labels(reason).inc()


class Lingering:
    """A transport that lets a client which still sends read on for a moment after the end: closing
    at once would reset the connection, and what was said last would be lost (RFC 9112, 9.6).
    """

    def __init__(self, transport: asyncio.Transport, connection: "Connection") -> None:
        self._transport = transport
        self._connection = connection
        self._closing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether nothing more will be sent."""
        return self._closing or self._transport.is_closing()

    def close(self) -> None:
        """Send what is left, then close."""
        if self.is_closing():
            return
        self._closing = True
        if self._connection.in_message:
            self._connection.limit(LINGER_S, self._transport.abort)
            self._transport.resume_reading()
            self._transport.write_eof()
        else:
            self._connection.limit(READING_S, self._transport.abort)
            self._transport.close()


class Connection(HttpToolsProtocol):
    """HTTP/1.1, with limits."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room, and wait for a head."""
        self.in_message = False
        self._in_head = False
        self._begun = self._head_bytes = self._between_bytes = 0
        self._broken = self._ending = False
        self._active: RequestResponseCycle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._reading_timer: asyncio.TimerHandle | None = None
        crowded = len(self.connections) >= MOST_CONNECTIONS
        super().connection_made(Lingering(transport, self))  # type: ignore[arg-type]
        if crowded:
            _count("too_many")
            longest = next(iter(_waiting), self)
            _waiting.pop(longest, None)
            longest.transport.abort()
        self._wait_for_client()
        self.limit(HEAD_S, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it, and all that was asked on it (uvicorn tells the last request only)."""
        _waiting.pop(self, None)
        self.limit(None)
        self.resume_writing()
        self.pipeline.clear()
        self._drop(self._active)
        super().connection_lost(exc)

    def limit(self, seconds: float | None, then: Callable[[], None] | None = None) -> None:
        """Do `then` in so many seconds, instead of what was to be done before."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds is not None and then is not None:
            self._timer = self.loop.call_later(seconds, then)

    def _wait_for_client(self) -> None:
        _waiting.pop(self, None)
        _waiting[self] = None

    def _late(self) -> None:
        if self._in_head:
            self._refuse(408, "late_head", f"A head has {HEAD_S:g} s to arrive.")
            return
        _count("silent")
        self.transport.close()

    # What the client sends

    def data_received(self, data: bytes) -> None:
        """Parse, within limits."""
        if self._broken or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        if self._active is None and self._timer is None:
            self.limit(HEAD_S, self._late)
        was_between, self._begun = not self.in_message, 0
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._after_this_no_more()  # answered as HTTP/1.1 (RFC 9110, 7.8)
        except httptools.HttpParserError:
            self._refuse(400, "broken", "This is not HTTP/1.1.")
        if self._in_head and not self._broken:
            self._head_bytes += len(data) if self._begun == was_between else 0
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(431, "large_head", None)
        elif self.in_message and not self._broken:
            self._between_bytes += len(data)
            if self._between_bytes > MAX_BETWEEN_BYTES:
                self._refuse(431, "large_head", None)

    def eof_received(self) -> None:
        """A client that ends in the middle of a request is told; one that waits has left."""
        if self.in_message and not self.transport.is_closing():
            self._refuse(400, "broken", "The request ended before its end.", ended=True)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self.in_message = self._in_head = True
        self._begun += 1
        self._head_bytes = self._between_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header. What is named behind a body is none: whoever judged or wrote the head has not
        seen it (RFC 9110, 6.5.1), and uvicorn would put it among the headers.
        """
        if self._in_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """A piece of a body, which `zampay.infra.front` bounds."""
        self._between_bytes -= len(body)
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """A head is here: its body has its own deadline (`zampay.infra.web.front`)."""
        self._in_head = False
        self.limit(None)
        if len(self.pipeline) >= MOST_PIPELINED:
            raise ValueError("pipelined without end")
        cast("dict[str, Any]", self.scope)[GIVE_UP] = self._too_slow
        super().on_headers_complete()
        if self._ending:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self.in_message = False
        _waiting.pop(self, None)
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._active = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """Go on with the next request, or wait for one."""
        self._active = None
        super().on_response_complete()
        if self._is_working():
            return
        self._wait_for_client()
        if self._in_head and not self.transport.is_closing():
            self.limit(HEAD_S, self._late)

    def _is_working(self) -> bool:
        """Whether a request is here as a whole, and its answer is not."""
        reading = self.in_message and self.cycle is self._active
        return self._active is not None and not reading

    # What we send

    def pause_writing(self) -> None:
        """The client does not keep up."""
        super().pause_writing()
        if self._reading_timer is None:
            self._reading_timer = self.loop.call_later(READING_S, self._too_slow)

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        if self._reading_timer is not None:
            self._reading_timer.cancel()
            self._reading_timer = None

    def _too_slow(self) -> None:
        _count("slow_reader")
        self.transport.abort()

    def _refuse(self, status: int, reason: str, says: str | None, *, ended: bool = False) -> None:
        """Read no more; answer who is first in line, the broken request with this."""
        _count(reason)
        self._broken = True
        first = self._active
        if first is not None and not (first is self.cycle and first.more_body):
            self._after_this_no_more()
            return
        self._drop(first)
        if first is None or not first.response_started:
            answer = Asked().refused(status, says, closing=True)
            headers = [*self.server_state.default_headers, *answer.headers]
            lines = [b"%s: %s\r\n" % header for header in headers]
            self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", answer.body]))
        self.in_message = not ended
        self.transport.close()

    def _drop(self, cycle: RequestResponseCycle | None) -> None:
        """Tell who works on it that nobody waits."""
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()

    def _after_this_no_more(self) -> None:
        self._broken = True
        self.pipeline.clear()
        if self._active is not None:
            self._active.keep_alive = False

    def shutdown(self) -> None:
        """The process ends: what has begun is finished, and what was just connected may ask."""
        self._ending = True
        if self._active is None and (self.in_message or self.cycle is None):
            self.limit(LAST_CALL_S, self._late)
        else:
            super().shutdown()
