"""Every error as `application/problem+json` (RFC 9457), from one table of stable codes.

Features declare their errors as `ZamPayError` subclasses; what Werkzeug, webargs and the database
raise is told in the same shape. An unexpected error shows a request id and nothing else.
"""

import re
from typing import Any, NamedTuple

import flask
import sentry_sdk
import sqlalchemy as sa
import structlog
from flask import Flask, Response, g
from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed, NotFound

from zampay.infra.database import database_errors
from zampay.infra.telemetry import error_text
from zampay.kernel.errors import InvalidField, ZamPayError, told

log = structlog.get_logger()
REFERENCE_PATH = "/api/docs"
GUIDE_PATH = "/docs"
DOCS_PATH = f"{REFERENCE_PATH}/errors"
MEDIA_TYPE = "application/problem+json"
OF_STATUS = {
    400: ("malformed_request", "The request cannot be read", "the body must be one JSON object"),
    403: ("forbidden", "Not allowed", "ask the operator"),
    404: ("not_found", "There is nothing here", "check the path"),
    405: ("method_not_allowed", "This path does not take that method", "see `Allow`"),
    408: (
        "request_timeout",
        "The request took too long to arrive",
        "send the request again, faster",
    ),
    413: ("body_too_large", "The body is over 64 KiB", "send less than 64 KiB"),
    414: ("uri_too_long", "The address is too long", "shorten the query"),
    415: (
        "not_json",
        "The body must be JSON (Content-Type: application/json)",
        "send `Content-Type: application/json`",
    ),
    422: (InvalidField.code, InvalidField.title, InvalidField.advice),
    429: ("too_many_requests", "Too many requests", "wait `Retry-After` seconds"),
    431: ("headers_too_large", "The headers are too large", "send fewer or shorter headers"),
    500: (ZamPayError.code, ZamPayError.title, ZamPayError.advice),
    503: (
        "unavailable",
        "Not now; send the same request again soon",
        (
            "send the same request again after `Retry-After` seconds: under the same `externalId` "
            "it is never charged twice"
        ),
    ),
}
"""Code, title and advice of a status, where no feature has an error of its own for it."""
NOT_AN_OBJECT = (
    'The body must be a JSON object, such as {"name": "text"}, not a list, a text or a number.'
)
PLAIN_WORDS = {
    "Field may not be null.": "must not be null; leave it out if you have nothing to say",
    "Invalid input type.": "must be an object",
    "Missing data for required field.": "is required",
    "Not a valid boolean.": "must be true or false, without quotes",
    "Not a valid email address.": "must be an e-mail address such as owner@kalulu.example",
    "Not a valid integer.": "must be a whole number, without quotes and without decimals",
    "Not a valid list.": "must be a list",
    "Not a valid string.": "must be text, in quotes",
    "Unknown field.": "is not known here; check its spelling",
}
"""What the library says, and what we say instead: what to send."""
PLAIN_PATTERNS = [
    (re.compile(r"Must be one of: (.*)\."), r"must be one of: \1"),
    (
        re.compile(r"Must be greater than or equal to (\d+) and less than or equal to (\d+)\."),
        r"must be from \1 to \2",
    ),
    (re.compile(r"Longer than maximum length (\d+)\."), r"its length must be at most \1"),
    (re.compile(r"Length must be between (\d+) and (\d+)\."), r"its length must be from \1 to \2"),
]
"""The same for sentences with limits in them."""
RETRY_AFTER_S = 2
SERVER_ERROR = 500


class Known(NamedTuple):
    """An error code as the documentation lists it."""

    code: str
    status: int
    title: str
    advice: str


def catalogue() -> list[Known]:
    """Every error code, sorted: the table behind the documentation."""
    found = {
        code: Known(code, status, title, advice)
        for status, (code, title, advice) in OF_STATUS.items()
    }
    waiting = list(ZamPayError.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        found[kind.code] = Known(kind.code, kind.status, kind.title, kind.advice)
    return sorted(found.values())


def body_of(
    *, status: int, code: str, title: str, detail: str | None = None, request_id: str
) -> dict[str, Any]:
    """The members that every problem has."""
    return {
        "type": f"{DOCS_PATH}#{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail or title,
        "requestId": request_id,
    }


def problem(
    *,
    status: int,
    code: str,
    title: str,
    detail: str | None = None,
    fields: dict[str, str] | None = None,
    retry_after_s: int | None = None,
) -> Response:
    """One problem as an answer."""
    body = body_of(
        status=status,
        code=code,
        title=title,
        detail=detail,
        request_id=g.get("request_id", ""),
    )
    if fields:
        body["errors"] = [{"field": name, "message": text} for name, text in fields.items()]
    answer = flask.jsonify(body)
    answer.status_code = status
    answer.content_type = MEDIA_TYPE
    if retry_after_s is not None:
        answer.headers["Retry-After"] = str(retry_after_s)
    return answer


def of_status(status: int, *, retry_after_s: int | None = None) -> Response:
    """The problem that a status stands for by itself."""
    code, title, advice = OF_STATUS[status]
    detail = None if status == SERVER_ERROR else told(title, advice)
    return problem(
        status=status, code=code, title=title, detail=detail, retry_after_s=retry_after_s
    )


def init(app: Flask) -> None:
    """Register the handlers; they see every error of every route, and of no route."""
    app.register_error_handler(ZamPayError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(sa.exc.SQLAlchemyError, _of_database)
    app.register_error_handler(Exception, _unexpected)


def _ours(error: ZamPayError) -> Response:
    return problem(
        status=error.status,
        code=error.code,
        title=error.title,
        detail=error.detail,
        fields=error.fields,
        retry_after_s=error.retry_after_s,
    )


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    usual = OF_STATUS[400 if status < SERVER_ERROR else SERVER_ERROR]
    code, title, _ = OF_STATUS.get(status, usual)
    messages = getattr(error, "data", {}).get("messages")
    if messages is not None:
        return _invalid(messages)
    detail = None if status >= SERVER_ERROR else error.description
    if isinstance(error, NotFound):
        detail = (
            f"See {GUIDE_PATH} for the guide and {REFERENCE_PATH} for the paths that there are."
        )
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        taken = sorted(set(error.valid_methods) - {"HEAD", "OPTIONS"})
        detail = f"Send {' or '.join(taken)}: this path takes no other method."
    answer = problem(status=status, code=code, title=title, detail=detail)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


def _invalid(messages: dict[str, Any]) -> Response:
    """Webargs' `{location: {field: [text]}}`; a body of another type is malformed."""
    if messages.get("json") == {"_schema": ["Invalid input type."]}:
        return _http(BadRequest(NOT_AN_OBJECT))
    fields: dict[str, str] = {}
    for found in messages.values():
        _flatten(found, "", fields)
    return _ours(InvalidField(fields))


def _flatten(found: Any, path: str, into: dict[str, str]) -> None:
    if isinstance(found, dict):
        for name, inner in found.items():
            _flatten(inner, f"{path}.{name}" if path else str(name), into)
    else:
        said = (_plain(str(one)) for one in found)
        into[re.sub(r"\._schema$|^_schema$", "", path)] = " ".join(said)


def _plain(message: str) -> str:
    """The message in our own words."""
    for pattern, words in PLAIN_PATTERNS:
        if found := pattern.fullmatch(message):
            return found.expand(words)
    return PLAIN_WORDS.get(message, message)


def _of_database(error: sa.exc.SQLAlchemyError) -> Response:
    """503 where the database cannot do its work; a statement that is wrong is ours to mend."""
    if not database_errors.is_unavailable(error):
        return _unexpected(error)
    told = {"reason": type(error).__name__, "sqlstate": database_errors.sqlstate(error)}
    log.error("database_unavailable", says=error_text.of_database(error), **told)
    if database_errors.is_not_ours(error):
        sentry_sdk.capture_exception(error)
    return of_status(503, retry_after_s=RETRY_AFTER_S)


def _unexpected(error: Exception) -> Response:
    log.error("unexpected_error", exc_info=error)
    sentry_sdk.capture_exception(error)
    return of_status(SERVER_ERROR)
