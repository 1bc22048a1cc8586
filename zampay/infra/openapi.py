"""What the OpenAPI document says of every operation: its problems, and the headers of answers.

Which problems an operation can end in follows from what it is: guarded by a key, with a body, on
one object. Features add nothing by hand, so that no route is documented less than another.
"""

from typing import Any

from apispec import APISpec, BasePlugin

INTRODUCTION = """\
Ask a customer's phone for kwacha, and learn for certain what became of the money.

1. `POST /api/v1/auth/register` gives a tenant id and a test key, with which no money moves.
2. **Authorize** with both. Every operation but the first needs them.
3. `POST /api/v1/payments` with the example; then `GET /api/v1/payments/{payment_id}` until its
   `status` is `SUCCESSFUL` or `FAILED`, or hear it by webhook.

Amounts are text, times RFC 3339 in UTC. Members and parameters that we do not know are refused.
Lists are pages: pass `nextCursor` as `after` while `hasMore` is true. After no answer, 429, 500 or
503 send the same request again: the same `externalId` never charges twice. Every refusal has a
stable `code`: [all error codes](/api/docs/errors).
"""
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

USUAL_MEMBERS = {
    "after": "`nextCursor` of the page before; leave it out for the first one.",
    "created_at": "When it was made.",
    "has_more": "Whether there is a next page.",
    "limit": "How many a page has at most.",
    "livemode": "False for what a test key made: no money moves.",
    "next_cursor": "Pass it as `after` for the next page; null on the last one.",
    "sequence": "The event's number: test and live count apart, over all types, without gaps.",
    "updated_at": "When it last changed.",
}
"""What members mean that many objects have; a schema may say something else."""

_SECONDS = {"type": "integer", "minimum": 0}
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {"schema": {"type": "string"}, "required": True},
    "RateLimit-Limit": {"schema": _SECONDS, "description": "Requests in a window."},
    "RateLimit-Remaining": {"schema": _SECONDS, "description": "Requests left in this window."},
    "RateLimit-Reset": {"schema": _SECONDS, "description": "Seconds until the next window."},
    "Retry-After": {"schema": _SECONDS, "description": "Seconds to wait.", "required": True},
    "Location": {"schema": {"type": "string"}, "description": "What was made.", "required": True},
    "Idempotent-Replayed": {"schema": {"type": "string", "enum": ["true"]}, "required": True},
}
USUAL = ("X-Request-Id", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


def headers(*more: str) -> dict[str, str]:
    """The headers of an answer, as references into the document's components."""
    return {name: name.replace("-", "") for name in (*USUAL, *more)}


class Answers(BasePlugin):
    """Adds the problems and headers to every operation that is registered."""

    def __init__(self, problem: Any) -> None:
        self._problem = problem

    def init_spec(self, spec: APISpec) -> None:
        """Put headers, problems and what a guard asks for where operations refer to them."""
        for name, scheme in SECURITY_SCHEMES.items():
            spec.components.security_scheme(name, scheme)
        for name, header in HEADERS.items():
            spec.components.header(name.replace("-", ""), header)
        content = {MEDIA_TYPE: {"schema": self._problem}}
        for status, description in REFUSALS.items():
            told = headers("Retry-After") if status in {429, 503} else headers()
            answer = {"description": description, "content": content, "headers": told}
            spec.components.response(f"Problem{status}", answer)

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Complete the operations of one path."""
        for method, operation in (operations or {}).items():
            answers = operation["responses"]
            for answer in answers.values():
                if isinstance(answer, dict):
                    answer["headers"] = headers() | answer.get("headers", {})
            for status in problems_of(path or "", method, operation):
                answers[status] = f"Problem{status}"


def problems_of(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    """The statuses that an operation can be refused with."""
    found = set(ALWAYS)
    if "security" in operation:
        found |= GUARDED
    if method in {"post", "patch"}:
        found |= WITH_BODY
    if any(one.get("in") == "query" for one in operation.get("parameters", [])):
        found.add(422)
    if "{" in path:
        found |= {404, 409} if method in {"post", "patch"} else {404}
    return found
