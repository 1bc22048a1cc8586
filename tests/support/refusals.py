"""What every refusal looks like from outside: one shape, whatever was wrong and wherever."""

from typing import Any

from werkzeug.test import TestResponse

from zampay.infra.web.problems import catalogue

MEMBERS = {"type", "title", "status", "code", "detail", "requestId"}


def refusal(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem in an answer, once it is one of the documented shape, status and code."""
    body: Any = answer.get_json(force=True, silent=True)
    assert (answer.status_code, body and body.get("code")) == (status, code), answer.text
    assert answer.content_type == "application/problem+json"
    assert set(body) - {"errors"} == MEMBERS
    assert body["status"] == status
    assert body["type"] == f"/api/docs/errors#{code}"
    assert body["requestId"] == answer.headers["X-Request-Id"] != ""
    assert all(isinstance(body[name], str) and body[name] for name in MEMBERS - {"status"})
    assert (code, status) in {(known, its_status) for known, its_status, *_ in catalogue()}
    for line in body.get("errors", []):
        assert set(line) == {"field", "message"}
    return dict(body)


def wrong_fields(body: dict[str, Any]) -> set[str]:
    """The names of the fields that a refusal calls wrong."""
    return {line["field"] for line in body.get("errors", [])}
