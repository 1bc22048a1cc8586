"""Every error of every kind has one shape and the id of its request, on any path and none."""

import io
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from dev.environment import free_port
from tests.infra.conftest import MakeApp
from tests.support.merchants import BASE, Merchant, payment_request
from tests.support.operations import OPERATIONS, filled
from tests.support.refusals import refusal, wrong_fields
from tests.support.tables import row_counts
from zampay.infra.web.problems import catalogue
from zampay.infra.web.request_limits import MAX_BODY_BYTES
from zampay.kernel.errors import ZamPayError

CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
TAKE_A_BODY = [(method, path) for method, path in OPERATIONS if method in {"POST", "PATCH"}]
SECRET = "the innermost secret"


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/api", f"{BASE}", f"{BASE}/payments/", f"{BASE}/%00", "/api/v2/payments"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_not_found(client: FlaskClient, method: str, path: str) -> None:
    found = refusal(client.open(path, method=method), 404, "not_found")
    assert found["detail"] == "See /docs for the guide and /api/docs for the paths that there are."


@pytest.mark.parametrize("path", sorted({path for _, path in OPERATIONS}))
def test_a_wrong_method_is_told_the_right_ones(merchant: Merchant, path: str) -> None:
    taken = {method for method, its_path in OPERATIONS if its_path == path}
    wrong = next(one for one in ("PUT", "PATCH", "TRACE") if one not in taken)
    answer = merchant.client.open(filled(path), method=wrong, headers=merchant.headers())
    refusal(answer, 405, "method_not_allowed")
    allowed = {one.strip() for one in answer.headers["Allow"].split(",")}
    assert allowed - {"HEAD", "OPTIONS"} == taken


@pytest.mark.parametrize(("method", "path"), TAKE_A_BODY)
def test_a_member_that_nobody_knows_is_refused_by_name(
    merchant: Merchant, method: str, path: str
) -> None:
    body = {"surprise": 1}
    answer = merchant.client.open(
        filled(path), method=method, json=body, headers=merchant.headers()
    )
    assert "surprise" in wrong_fields(refusal(answer, 422, "validation_failed"))


@pytest.mark.parametrize("given", ["order-1042", "a" * 128, "0.1_2-3abcd"])
def test_a_well_formed_request_id_is_taken_over(client: FlaskClient, given: str) -> None:
    for path in ("/nothing", f"{BASE}/payments", "/health/live"):
        answer = client.get(path, headers={"X-Request-Id": given})
        assert answer.headers["X-Request-Id"] == given
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 129, "with space", "semi;colon", "\u00e9" * 9]
)
def test_any_other_request_id_is_made(client: FlaskClient, given: str) -> None:
    answers = [client.get("/nothing", headers={"X-Request-Id": given}) for _ in range(2)]
    made = {refusal(answer, 404, "not_found")["requestId"] for answer in answers}
    assert len(made) == 2
    assert all(re.fullmatch(r"req_[0-9a-z]{26}", one) for one in made)


@pytest.mark.parametrize("size_kib", [65, 1024])
def test_a_body_over_64_kib_is_refused_unread(
    app: Flask, merchant: Merchant, size_kib: int
) -> None:
    before = row_counts(app)
    body = payment_request(metadata={"a": "x" * size_kib * 1024})
    refusal(merchant.post("/payments", body), 413, "body_too_large")
    assert row_counts(app) == before


@pytest.mark.parametrize(
    ("path", "statuses"),
    [("/payments", (422, 413)), (f"/callbacks/mtn/{'a' * 40}", (404, 404))],
    ids=["JSON", "a callback under no token is not even read"],
)
@pytest.mark.parametrize("way", [{}, CHUNKED], ids=["of a length", "in chunks"])
def test_a_body_may_have_exactly_64_kib(
    merchant: Merchant, path: str, statuses: tuple[int, int], way: dict[str, Any]
) -> None:
    for size, status in zip((MAX_BODY_BYTES, MAX_BODY_BYTES + 1), statuses, strict=True):
        answer = merchant.client.post(
            f"{BASE}{path}",
            headers=merchant.headers(),
            content_type="application/json",
            input_stream=io.BytesIO(b'{"a": 1}'.ljust(size)),
            environ_overrides=way,
        )
        assert answer.status_code == status, answer.json


def test_an_unexpected_error_shows_a_request_id_and_nothing_else(
    app: Flask, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("zampay.transfers.queries.page", broken)
    answer = merchant.get("/payments")
    body = refusal(answer, 500, "internal_error")
    assert set(body) == {"type", "title", "status", "code", "detail", "requestId"}
    assert body["detail"] == body["title"] == "Something went wrong on our side"
    for leak in (SECRET, "RuntimeError", "Traceback", "zampay/"):
        assert leak not in answer.text


@pytest.mark.parametrize(
    "error",
    [
        sa.exc.OperationalError("SELECT secret", {}, ConnectionError(SECRET)),
        sa.exc.TimeoutError(SECRET),
    ],
)
def test_a_database_that_fails_is_503_and_shows_nothing(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("zampay.transfers.queries.page", away)
    answer = merchant.get("/payments")
    refusal(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert SECRET not in answer.text
    assert "SELECT" not in answer.text


def test_a_database_that_is_away_is_503_and_the_process_lives_on(another_app: MakeApp) -> None:
    nowhere = f"postgresql+psycopg://zampay@127.0.0.1:{free_port()}/zampay"
    client = another_app(database_url=nowhere).test_client()
    body = {"businessName": "Kalulu Books", "email": "owner@example.com"}
    answer = client.post(f"{BASE}/auth/register", json=body)
    refusal(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503
    refusal(client.get("/nothing"), 404, "not_found")


@pytest.mark.parametrize("provider", ["mtn", "airtel", "%00", "%ff", "MTN%00"])
@pytest.mark.parametrize("token", ["x", "0" * 40, "%00" * 40])
def test_a_callback_address_that_was_never_made_is_not_found(
    app: Flask, client: FlaskClient, provider: str, token: str
) -> None:
    before = row_counts(app)
    answer = client.put(f"{BASE}/callbacks/{provider}/{token}", data=b"{}")
    refusal(answer, 404, "callback_unknown")
    assert row_counts(app) == before


def test_every_code_has_one_status_and_stands_in_the_documents(client: FlaskClient) -> None:
    page = client.get("/docs/errors").text
    codes = [code for code, *_ in catalogue()]
    assert len(codes) == len(set(codes))
    for code, status, title, _ in catalogue():
        assert f'id="{code}"' in page
        assert 400 <= status <= 599
        assert title


def test_every_error_says_for_itself_what_to_do() -> None:
    """None falls back to the words of its base, which are about a server that failed."""
    waiting = list(ZamPayError.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        assert vars(kind).get("advice"), kind.__name__
