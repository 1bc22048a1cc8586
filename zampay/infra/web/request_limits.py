"""What is true of every request that reaches us: an id, a bounded body, JSON that can be stored.

Ids are taken over when well-formed and made otherwise; they are in every answer, log line and
error. JSON is read strictly: no NaN, no runaway depth, no characters PostgreSQL cannot keep.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import structlog
from flask import Flask, Request, Response, abort, g, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import (
    RequestEntityTooLarge,
    RequestHeaderFieldsTooLarge,
    UnsupportedMediaType,
)

from zampay.infra.telemetry.logs import REQUEST_ID_HEADER
from zampay.kernel import ids

MAX_BODY_BYTES = 64 * 1024
MAX_HEADER_BYTES = 16 * 1024
MAX_DEPTH = 16
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,128}")
UNREAD = "zampay.unread"
"""In the WSGI environment of a raw body: the status that refuses it, where it was not read."""
_RAW_BODY = "accepts_raw_body"
_TOO_DEEP = f"The body must not be nested more than {MAX_DEPTH} deep."


class StrictJSON(DefaultJSONProvider):
    """JSON as merchants may send it; whatever is refused is a ValueError, hence a 400."""

    sort_keys = False

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Parse, refusing NaN and infinities, deep nesting, NUL and lone surrogates, and a member
        that is there twice (RFC 8259, 4: which of them counts is anybody's guess).
        """
        try:
            parsed = json.loads(s, parse_constant=_refuse_constant, object_pairs_hook=_unique)
            for text in _texts(parsed, MAX_DEPTH):
                text.encode()
                if "\x00" in text:
                    raise Unreadable("The body must not contain the character U+0000.")
        except RecursionError as error:
            raise Unreadable(_TOO_DEEP) from error
        except UnicodeEncodeError as error:
            raise Unreadable("The body must not contain half of a surrogate pair.") from error
        except UnicodeDecodeError as error:
            raise Unreadable("The body must be JSON in UTF-8.") from error
        except json.JSONDecodeError as error:
            raise Unreadable(_not_json(error)) from error
        return parsed


class Unreadable(ValueError):
    """Why a body cannot be taken as JSON; the text may be shown to whoever sent it."""


def _not_json(error: json.JSONDecodeError) -> str:
    return (
        f"The body is not JSON: look at line {error.lineno}, column {error.colno}. Names and texts "
        "stand in double quotes, and there is no comma before a closing bracket."
    )


def _refuse_constant(name: str) -> None:
    raise Unreadable(f"The body is not JSON: {name} is no JSON number.")


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise Unreadable("The body names a member twice in one object.")
    return found


def _texts(value: Any, depth: int) -> Iterator[str]:
    if depth == 0:
        raise Unreadable(_TOO_DEEP)
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _texts(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth - 1)


class BoundedRequest(Request):
    """A request whose body is at most 64 KiB, also when no length was announced: Werkzeug ends
    such a body at its limit without a word, hence the one byte that may come beyond ours.
    """

    def get_data(self, *args: Any, **kwargs: Any) -> Any:
        """The whole body.

        Raises:
            RequestEntityTooLarge.
        """
        body = super().get_data(*args, **kwargs)
        if len(body) > MAX_BODY_BYTES:
            raise RequestEntityTooLarge
        return body


def raw_body(view: Any) -> Any:
    """Mark a view that takes any body as it comes (callbacks)."""
    setattr(view, _RAW_BODY, True)
    return view


def read_raw_body() -> bytes:
    """The body of a `raw_body` view.

    Raises:
        RequestEntityTooLarge, RequestTimeout: it is too large, or did not arrive in time.
    """
    unread = request.environ.get(UNREAD)
    if unread is not None:
        abort(unread)
    return request.get_data(cache=False)


def init(app: Flask) -> None:
    """Install the limits, the strict JSON and the request id."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES + 1
    app.request_class = BoundedRequest
    app.json = StrictJSON(app)
    app.before_request(_identify)
    app.before_request(_bound_headers)
    app.before_request(_require_json)
    app.after_request(_sign)


def request_id(given: str) -> str:
    """The id that a request brings, where it is well-formed, or a new one."""
    return given if _WELL_FORMED.fullmatch(given) else ids.new("req")


def _identify() -> None:
    g.request_id = request_id(request.headers.get(REQUEST_ID_HEADER, ""))
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _bound_headers() -> None:
    """Refuse more than 16 KiB of headers (RFC 6585, 5); the server itself stops at 64 KiB."""
    if sum(len(name) + len(value) for name, value in request.headers) > MAX_HEADER_BYTES:
        raise RequestHeaderFieldsTooLarge("All headers together may have 16 KiB.")


def _require_json() -> None:
    """Refuse a body of another kind before anything reads it (RFC 9110, 15.5.16)."""
    view = request.endpoint and _view(request.endpoint)
    if view is None or getattr(view, _RAW_BODY, False) or request.method not in {"POST", "PATCH"}:
        return
    has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if has_body and not request.is_json:
        raise UnsupportedMediaType("Send the body as JSON with Content-Type: application/json.")


def _view(endpoint: str) -> Any:
    from flask import current_app  # here, because only a request has one

    return current_app.view_functions.get(endpoint)


def _sign(answer: Response) -> Response:
    answer.headers[REQUEST_ID_HEADER] = g.get("request_id", "")
    return answer
