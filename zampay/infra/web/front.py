"""The front of a web process: an ASGI application that calls a WSGI application in a thread.

The event loop reads a request as a whole, with a deadline; only then is a slot taken, and a slot
is given back before the answer is sent. What a client does or leaves undone costs a connection and
at most 64 KiB. The loop itself never waits for the application.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from zampay.infra.telemetry import access_log
from zampay.infra.telemetry.logs import REQUEST_ID_HEADER
from zampay.infra.web import load_shedding, request_head, wsgi_call
from zampay.infra.web.large_answers import GIVE_UP, LargeAnswers
from zampay.infra.web.load_shedding import Refusal, Slots
from zampay.infra.web.problems import MEDIA_TYPE, OF_STATUS, RETRY_AFTER_S, body_of
from zampay.infra.web.request_limits import MAX_BODY_BYTES, UNREAD, request_id
from zampay.infra.web.wsgi_call import Answer, Headers
from zampay.kernel import clock, ids
from zampay.kernel.errors import told

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

UNAVAILABLE = 503
TENANT, REQUEST_ID = b"x-tenant-id", REQUEST_ID_HEADER.lower().encode()
WHOSE = "zampay.whose"
BODY_S = 5.0
AT_WORK = 8
WAITING = 48
PIECE_BYTES = 64 * 1024
PROBE, OVERVIEWS = "/health/live", frozenset({"/health/ready", "/metrics"})
CALLBACKS = "/api/v1/callbacks/"
SIGNS = frozenset({408, 413})
"""A callback whose body is too slow or too large is a sign that its payment landed all the same:
the application refuses it, and polls.
"""


class Unread(Exception):
    """The body will not be read to its end."""

    def __init__(self, status: int, says: str) -> None:
        super().__init__(says)
        self.status = status
        self.says = says


class Gone(Exception):
    """The client has left: nobody waits for an answer."""


class Front:
    """One application behind one event loop."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._slots = Slots("web", at_work=AT_WORK, waiting=WAITING)
        # Probes have threads of their own, and the one that tells of life waits for no other.
        self._probes = Slots("probe", at_work=2, waiting=64)
        self._overviews = Slots("overview", at_work=4, waiting=32)
        self._large = LargeAnswers()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3, HTTP)."""
        if scope["type"] != "http":
            return
        headers = request_head.without_underscores(scope["headers"])
        given = dict(headers)
        asked = Asked(scope["method"], request_id(_text(given, REQUEST_ID)))
        scope[WHOSE] = _whose(scope["path"], given)
        with suppress(Gone):
            try:
                answer = await self._answer(scope, headers, receive)
            except Unread as error:
                answer = asked.refused(error.status, error.says, closing=True)
            if answer is Refusal.GONE:
                raise Gone
            if isinstance(answer, Refusal):
                answer = asked.refused(UNAVAILABLE)
            await self._send(answer, scope, send)

    async def _answer(self, scope: Message, headers: Headers, receive: Receive) -> Answer | Refusal:
        unread = None
        try:
            _check_head(scope, headers)
            body = await _collected(receive)
        except Unread as error:
            if error.status not in SIGNS or not scope["path"].startswith(CALLBACKS):
                raise
            body, unread = b"", error.status
        environ = wsgi_call.environ(scope, headers, body)
        environ[load_shedding.STUCK] = self._slots.stuck()
        environ[UNREAD] = unread
        work = partial(wsgi_call.call, self._app, environ)
        if unread is not None:
            answer = await self._slots.run(work, leaving=partial(_left, receive))
            return answer if isinstance(answer, Refusal) else answer.closing()
        if scope["path"] == PROBE:
            return await self._probes.run(work, leaving=receive)
        if scope["path"] in OVERVIEWS:
            return await self._overviews.run(work, leaving=receive)
        return await self._slots.run(work, leaving=receive, whose=scope[WHOSE])

    async def _send(self, answer: Answer, scope: Message, send: Send) -> None:
        """Send in pieces, so that the connection can hold us back; of large answers only so many
        wait for slow readers.
        """
        with ExitStack() as held:
            if len(answer.body) > 2 * PIECE_BYTES:
                give_up = scope.get(GIVE_UP, _nothing)
                held.enter_context(self._large.one(whose=scope[WHOSE], give_up=give_up))
            begin = {"type": "http.response.start", "status": answer.status}
            await send({**begin, "headers": answer.headers})
            body = memoryview(answer.body)
            while len(body) > PIECE_BYTES:
                piece, body = bytes(body[:PIECE_BYTES]), body[PIECE_BYTES:]
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": bytes(body)})


def _check_head(scope: Message, headers: Headers) -> None:
    wrong = request_head.refusal(headers, version=scope["http_version"])
    if wrong is not None:
        raise Unread(*wrong)


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _whose(path: str, headers: Mapping[bytes, bytes]) -> str | None:
    """Whose turn a request takes: its tenant's, as it says itself, since with the id of another
    it gets no further than 403. Callbacks are of all; who names no tenant is one of many strangers.
    """
    if path.startswith(CALLBACKS):
        return None
    named = _text(headers, TENANT)
    return named if ids.is_id("ten", named) else ""


def _nothing() -> None:
    pass


async def _left(receive: Receive) -> None:
    """Return when the client has left; what else it sends is dropped."""
    while (await receive())["type"] == "http.request":
        pass


async def _collected(receive: Receive) -> bytes:
    """The whole body.

    Raises:
        Unread: it is too slow or too large.
        Gone: the client left before the end of it.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise Gone
                body += message.get("body", b"")
                if len(body) > MAX_BODY_BYTES:
                    raise Unread(413, "A body may have 64 KiB.")
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise Unread(408, f"A body has {BODY_S:g} s to arrive.") from None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a request that the application never sees."""

    method: str = "other"
    request_id: str = field(default_factory=partial(ids.new, "req"))
    started_s: float = field(default_factory=clock.monotonic_s)

    def refused(self, status: int, says: str | None = None, *, closing: bool = False) -> Answer:
        """The problem that a status stands for (RFC 9457), logged and counted as any answer is;
        `closing` where what else the client sends is not read.
        """
        with suppress(Exception):  # it is refused whether or not it can be told of
            access_log.told(
                *(self.method, access_log.NO_ROUTE, status),
                started_s=self.started_s,
                request_id=self.request_id,
            )
        return _problem(status, says, request_id=self.request_id, closing=closing)


def _problem(status: int, says: str | None, *, request_id: str, closing: bool) -> Answer:
    code, title, advice = OF_STATUS[status]
    detail = says or told(title, advice)
    shown = body_of(status=status, code=code, title=title, detail=detail, request_id=request_id)
    body = json.dumps(shown).encode()
    headers = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        REQUEST_ID_HEADER.lower(): request_id,
        **({"connection": "close"} if closing else {}),
        **({"retry-after": str(RETRY_AFTER_S)} if status == UNAVAILABLE else {}),
    }
    return Answer(status, [(name.encode(), text.encode()) for name, text in headers.items()], body)
