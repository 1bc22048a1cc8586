"""Call a WSGI application once, with a request that is here as a whole (PEP 3333)."""

import io
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Headers = list[tuple[bytes, bytes]]
_PLAIN = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
_OF_THE_CONNECTION = frozenset({b"content-length", b"transfer-encoding", b"connection", b"expect"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Headers
    body: bytes

    def closing(self) -> "Answer":
        """The same, after which the connection is closed: the rest of the request is not read."""
        return replace(self, headers=[*self.headers, (b"connection", b"close")])


def environ(scope: Mapping[str, Any], headers: Headers, body: bytes) -> "WSGIEnvironment":
    """The environment of a request; its length is that of the body, however it was sent."""
    host, port = scope.get("server") or ("", None)
    address, client_port = scope.get("client") or ("", 0)
    made: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": str(port or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": address,
        "REMOTE_PORT": str(client_port),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        if name not in _OF_THE_CONNECTION:
            _add(made, name, value.decode("latin-1"))
    return made


def _add(made: dict[str, Any], name: bytes, value: str) -> None:
    variable = _PLAIN.get(name) or f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
    between = "; " if name == b"cookie" else ","
    made[variable] = f"{made[variable]}{between}{value}" if variable in made else value


def call(app: "WSGIApplication", environ: "WSGIEnvironment") -> Answer:
    """The application's whole answer."""
    begun: dict[str, Any] = {}
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if begun and exc_info:
            raise exc_info[1].with_traceback(exc_info[2])
        begun.update(status=int(status.split(" ", 1)[0]), headers=headers)
        return written.append

    found: Iterable[bytes] = app(environ, start_response)
    try:
        parts = list(found)
    finally:
        close = getattr(found, "close", None)
        if close is not None:
            close()
    body = b"".join(written + parts)
    return Answer(begun["status"], _told(begun["status"], begun["headers"], len(body)), body)


def _told(status: int, headers: list[tuple[str, str]], length: int) -> Headers:
    """The headers, with the length where the application left it out."""
    told = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    bodiless = status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
    if not bodiless and all(name != b"content-length" for name, _ in told):
        told.append((b"content-length", b"%d" % length))
    return told
