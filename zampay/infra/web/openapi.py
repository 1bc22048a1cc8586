"""What the OpenAPI document says of every operation: its problems, and the headers of answers.

Which problems an operation can end in follows from what it is: guarded by a key, with a body, on
one object. Features add nothing by hand, so that no route is documented less than another.
"""

import re
from typing import Any

import marshmallow as ma
from apispec import APISpec, BasePlugin

from zampay.infra.web import problems
from zampay.kernel.errors import told

VERSION = "3.1.0"
INTRODUCTION = """\
Ask a customer's phone for kwacha, and learn for certain what became of the money.

1. `POST /api/v1/auth/register` gives a tenant id and a test key. No money moves with a test key.
2. **Authorize** with both. Every operation but the first needs them.
3. `POST /api/v1/payments` with the example. Then `GET /api/v1/payments/{payment_id}` until its
   `status` is `SUCCESSFUL` or `FAILED`, or learn it from a webhook.

Amounts are text, times are RFC 3339 in UTC. Unknown members and parameters are refused.
Lists are pages: pass `nextCursor` as `after` while `hasMore` is true. After no answer, 429, 500 or
503 send the same request again: the same `externalId` never charges twice.

Also here: [the guide](/docs), [error codes](/docs/errors), [failure codes](/docs/failures),
[test numbers](/docs/test-numbers).
"""
ABOUT: dict[str, Any] = {
    "info": {
        "description": INTRODUCTION,
        "contact": {"name": "The operator of this gateway"},
        "license": {"name": "All rights reserved", "identifier": "LicenseRef-All-Rights-Reserved"},
    },
    "servers": [{"url": "/", "description": "The gateway that serves this document."}],
}
MEDIA_TYPE = "application/problem+json"
REFUSALS = {
    400: "The request, or a header of it, cannot be read.",
    401: "No key, or one that is unknown, revoked or past its end.",
    403: "Not yours, or not within the scopes of the key.",
    404: "There is no such object among yours.",
    409: "The object is not in a state for it.",
    413: "The body is over 64 KiB.",
    415: "The body is not JSON.",
    422: "Something is not valid; `errors` names each field.",
    429: "Too many requests.",
    500: "Something went wrong on our side.",
    503: "Not now; send the same request again.",
}
ALWAYS = {429, 500, 503}
GUARDED = {400, 401, 403}
CHANGES = {"post", "put", "patch"}
WITH_BODY = {400, 403, 413, 415, 422}

SECURITY_SCHEMES: dict[str, dict[str, str]] = {
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "`zp_test_…` or `zp_live_…`; it decides between test and live.",
    },
    "tenant": {
        "type": "apiKey",
        "in": "header",
        "name": "x-tenant-id",
        "description": "`ten_…`, the tenant that the key was made for.",
    },
}
GUARD: list[dict[str, list[str]]] = [{name: [] for name in SECURITY_SCHEMES}]
OPEN: list[dict[str, list[str]]] = []
IN_PATHS = {
    "payment_id": "The payment: `pay_…`.",
    "key_id": "The API key: `key_…`, not its secret text.",
    "endpoint_id": "The webhook endpoint: `whe_…`.",
    "wallet_id": "The `wal_…` id of a wallet.",
    "msisdn": "The number, however it is written.",
    "event_id": "The event: `evt_…`.",
}
"""What the variables of paths mean, by their names."""

USUAL_MEMBERS = {
    "after": "`nextCursor` of the page before; leave it out for the first one.",
    "created_at": "When it was made.",
    "data": "What was found.",
    "has_more": "Whether there is a next page.",
    "id": "Its id; it never changes.",
    "limit": "How many a page has at most.",
    "livemode": "False for what a test key made: no money moves.",
    "next_cursor": "Pass it as `after` for the next page; null on the last one.",
    "sequence": "The event's number: test and live count apart, over all types, without gaps.",
    "updated_at": "When it last changed.",
}
"""What members mean that many objects have; a schema may say something else."""

_SECONDS = {"type": "integer", "minimum": 0}
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {
        "schema": {"type": "string"},
        "description": "The id of the request; name it when you ask for help.",
        "required": True,
    },
    "RateLimit-Limit": {"schema": _SECONDS, "description": "Requests in a window."},
    "RateLimit-Remaining": {"schema": _SECONDS, "description": "Requests left in this window."},
    "RateLimit-Reset": {"schema": _SECONDS, "description": "Seconds until the next window."},
    "Retry-After": {"schema": _SECONDS, "description": "Seconds to wait.", "required": True},
    "Location": {
        "schema": {"type": "string"},
        "description": "The path of what was made.",
        "required": True,
    },
    "Idempotent-Replayed": {
        "schema": {"type": "string", "enum": ["true"]},
        "description": "The payment was there already; nothing was made.",
        "required": True,
    },
}
USUAL = ("X-Request-Id", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_EXAMPLE_REQUEST_ID = "req_01k9tq3v0c8m2x5e7h4b6n1r3w"


def headers(*more: str) -> dict[str, str]:
    """The headers of an answer, as references into the document's components."""
    return {name: name.replace("-", "") for name in (*USUAL, *more)}


def schema_name(schema: type[ma.Schema] | ma.Schema) -> str:
    """What the document, and so a generated client, calls a schema: its `called`, or the name of
    its class, where `PaymentView` is `Payment`.
    """
    named = schema if isinstance(schema, type) else type(schema)
    called: str = vars(named).get("called") or named.__name__.removesuffix("View")
    return called


class Answers(BasePlugin):
    """Adds the problems and headers to every operation that is registered."""

    def __init__(self, problem: Any) -> None:
        self._problem = problem
        self._spec: APISpec | None = None

    def init_spec(self, spec: APISpec) -> None:
        """Put headers and what a guard asks for where operations refer to them."""
        self._spec = spec
        for name, scheme in SECURITY_SCHEMES.items():
            spec.components.security_scheme(name, scheme)
        for name, header in HEADERS.items():
            spec.components.header(name.replace("-", ""), header)

    def schema_helper(
        self,
        name: str,
        definition: dict[str, Any],  # noqa: ARG002 - apispec's signature
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """Say what an object is, in the words of its class."""
        schema = kwargs.get("schema")
        if schema is None:
            return None
        described = schema if isinstance(schema, type) else type(schema)
        return {"description": _in_one_line(described.__doc__ or name)}

    def path_helper(
        self,
        path: str | None = None,  # noqa: ARG002 - apispec's signature
        operations: dict[str, Any] | None = None,  # noqa: ARG002
        parameters: list[dict[str, Any]] | None = None,
        **_: Any,
    ) -> None:
        """Say what a variable of the path is."""
        for parameter in parameters or []:
            if parameter.get("in") == "path":
                parameter["description"] = IN_PATHS[parameter["name"]]

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Complete the operations of one path."""
        for method, operation in (operations or {}).items():
            operation.setdefault("security", OPEN)
            for name in ("summary", "description"):
                if name in operation:
                    operation[name] = _in_paragraphs(operation[name])
            for one in operation.get("parameters", []):
                if one.get("in") == "query" and one["schema"].get("type") == "object":
                    one.update(style="deepObject", explode=True)
            answers = operation["responses"]
            for answer in answers.values():
                if isinstance(answer, dict):
                    answer["headers"] = headers() | answer.get("headers", {})
            for status in problems_of(path or "", method, operation):
                answers[status] = self._refusal(status)

    def _refusal(self, status: int) -> str:
        """The name of the answer for a status, which is described when it is first needed: the
        features have declared their errors by then.
        """
        name = f"Problem{status}"
        assert self._spec is not None
        if name not in self._spec.components.responses:
            told = headers("Retry-After") if status in {429, 503} else headers()
            content = {MEDIA_TYPE: {"schema": self._problem, "examples": _examples(status)}}
            answer = {"description": REFUSALS[status], "content": content, "headers": told}
            self._spec.components.response(name, answer)
        return name


def problems_of(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    """The statuses that an operation can be refused with."""
    found = set(ALWAYS)
    if operation.get("security"):
        found |= GUARDED
    if method in CHANGES:
        found |= WITH_BODY
    if any(one.get("in") == "query" for one in operation.get("parameters", [])):
        found.add(422)
    if "{" in path:
        found |= {404, 409} if method in CHANGES else {404}
    return found


def _examples(status: int) -> dict[str, Any]:
    """One problem for each code of the status, as it looks on the wire."""
    found = {}
    for known in problems.catalogue():
        if known.status == status:
            value = problems.body_of(
                status=status,
                code=known.code,
                title=known.title,
                detail=None if status == problems.SERVER_ERROR else told(known.title, known.advice),
                request_id=_EXAMPLE_REQUEST_ID,
            )
            if known.code == "validation_failed":
                line = {"field": "amount", "message": 'must be text, such as "12.50"'}
                value |= {"detail": f"amount: {line['message']}", "errors": [line]}
            found[known.code] = {"summary": known.advice, "value": value}
    return found


def plain(_self: Any, _field: ma.fields.Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """A member that may be left out has no default rather than null; and as what we take and what
    we give are schemas apart, none is called read-only.
    """
    if ret.get("default", ...) is None:
        del ret["default"]
    ret.pop("readOnly", None)
    return {}


def without_null_in_queries(
    _self: Any, _field: ma.fields.Field[Any], ret: dict[str, Any]
) -> dict[str, Any]:
    """A parameter of a query cannot be null: it is left out."""
    schema = ret.get("schema", {})
    if isinstance(schema.get("type"), list):
        schema["type"] = next(name for name in schema["type"] if name != "null")
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    return {}


def _in_one_line(text: str) -> str:
    """The first paragraph of a docstring."""
    return " ".join(text.split("\n\n", 1)[0].split())


def _in_paragraphs(text: str) -> str:
    """A docstring whose lines were broken for the code's width."""
    return "\n\n".join(" ".join(one.split()) for one in re.split(r"\n\s*\n", text.strip()))
