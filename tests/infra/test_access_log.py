"""One line and one count for every request: who, which route, what came of it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.counts import growth
from tests.support.fakes import ScriptedNetwork
from tests.support.given import processing
from tests.support.log_lines import captured, the_line
from tests.support.merchants import BASE, Merchant, payment_request

REQUESTS = "zampay_http_requests_total"
SECONDS = "zampay_http_request_duration_seconds_count"


def test_the_line_of_a_payment_says_who_which_route_and_which_payment(
    merchant: Merchant, network: ScriptedNetwork
) -> None:
    with captured() as lines:
        answer = merchant.post(
            "/payments", payment_request(), headers={"X-Request-Id": "trace-123456"}
        )
    line = the_line(lines, "request")
    assert line.pop("duration_ms") > 0
    assert line.pop("key_id").startswith("key_")
    assert line == {
        "event": "request",
        "log_level": "info",
        "request_id": "trace-123456",
        "tenant_id": merchant.tenant_id,
        "method": "POST",
        "route": "/api/v1/payments",
        "status": 202,
        "transfer_id": answer.json["id"],
    }


def test_a_payment_that_is_asked_for_is_named(merchant: Merchant, network: ScriptedNetwork) -> None:
    payment_id = merchant.pay().json["id"]
    with captured() as lines:
        merchant.get(f"/payments/{payment_id}")
    line = the_line(lines, "request")
    assert (line["transfer_id"], line["route"]) == (payment_id, "/api/v1/payments/<payment_id>")


def test_a_callback_names_its_payment_and_not_its_token(
    app: Flask, client: FlaskClient, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = processing(app, merchant, network)
    with captured() as lines:
        client.put(f"{BASE}/callbacks/mtn/{payment.callback_token}", data=b'{"payer": "secret"}')
    line = the_line(lines, "request")
    assert line["transfer_id"] == payment.id
    assert payment.callback_token not in str(lines)
    assert "payer" not in str(lines)


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere/0963123450", 404), ("/api/v1/payments/0963123450", 401)]
)
def test_what_a_stranger_types_is_not_repeated(client: FlaskClient, path: str, status: int) -> None:
    with captured() as lines:
        assert client.get(path).status_code == status
    assert "0963123450" not in str(lines)


def test_an_unknown_path_and_method_do_not_multiply_the_series(client: FlaskClient) -> None:
    with growth(REQUESTS, 2, method="other", route="none", status="404"):
        client.open("/nowhere", method="BREW")
        client.open("/elsewhere", method="FROTH")


def test_the_next_request_does_not_inherit_the_context(
    client: FlaskClient, merchant: Merchant, network: ScriptedNetwork
) -> None:
    merchant.pay()
    with captured() as lines:
        client.get("/health/live")
    assert not {"tenant_id", "key_id", "transfer_id"} & set(the_line(lines, "request"))


def test_each_request_is_counted_and_measured_by_its_route(client: FlaskClient) -> None:
    with (
        growth(REQUESTS, 3, method="GET", route="/health/live", status="200"),
        growth(SECONDS, 3, method="GET", route="/health/live"),
    ):
        for _ in range(3):
            client.get("/health/live")


def test_a_defect_is_one_error_line_for_the_request(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(app.view_functions, "health.live", fails)
    with captured() as lines, growth(REQUESTS, 1, method="GET", route="/health/live", status="500"):
        client.get("/health/live")
    assert the_line(lines, "request")["log_level"] == "error"
