"""Airtel's set-up examined: each thing that can be wrong is told by name, with what to do."""

import re

import pytest
from pytest_httpserver import HTTPServer

from tests.support.airtel import Airtel
from zampay.kernel.findings import Finding, Verdict

TOKEN = "t0" * 20


def found(airtel: Airtel, **changes: object) -> list[Finding]:
    given = {"callback_token": TOKEN, "callback_base_url": "http://127.0.0.1:9", **changes}
    return airtel.adapter(**given).diagnose()


def test_credentials_that_work_show_our_balance(airtel: Airtel) -> None:
    credentials = found(airtel)[0]
    assert (credentials.verdict, credentials.accepted) == (Verdict.FINE, True)
    assert "1000.00 ZMW" in credentials.says


def test_wrong_credentials_are_told(airtel: Airtel) -> None:
    found(airtel)
    credentials = found(airtel, client_secret="0" * 32)[0]
    assert (credentials.verdict, credentials.accepted) == (Verdict.BROKEN, False)
    assert "AIRTEL_CLIENT_SECRET" in credentials.remedy
    assert "0" * 32 not in str(credentials)
    merchants = found(airtel, client_secret="0" * 32, is_merchants=True)
    assert [one.code for one in merchants] == ["airtel_credentials_refused"]
    assert "clientSecret" in merchants[0].remedy
    assert "AIRTEL_" not in str(merchants)


def test_an_address_that_airtel_does_not_list_is_told(airtel: Airtel) -> None:
    airtel.faults({"operation": "balance", "kind": "status", "status": 403})
    credentials = found(airtel)[0]
    assert (credentials.verdict, credentials.code) == (Verdict.BROKEN, "airtel_address_refused")
    assert "Server IP Allowed List" in credentials.remedy


def test_a_product_that_is_not_there_is_advice(airtel: Airtel) -> None:
    body = {"message": "You cannot consume this service"}
    airtel.faults({"operation": "balance", "kind": "status", "status": 403, "body": body})
    credentials = found(airtel)[0]
    assert (credentials.verdict, credentials.accepted) == (Verdict.ADVICE, True)


@pytest.mark.parametrize(
    ("base_url", "says"),
    [
        ("http://127.0.0.1:9", "connection refused"),
        ("http://nowhere.invalid", "DNS lookup failed"),
    ],
)
def test_a_network_that_does_not_answer_is_told_in_words(
    airtel: Airtel, base_url: str, says: str
) -> None:
    airtel.admin("POST", "tokens/expire")
    credentials = found(airtel, base_url=base_url)[0]
    assert credentials.verdict is Verdict.BROKEN
    assert says in credentials.says
    assert "AIRTEL_BASE_URL" in credentials.remedy


def test_where_messages_are_signed_the_key_is_tried(airtel: Airtel) -> None:
    airtel.faults({"operation": "encryption_keys", "kind": "status", "status": 503})
    credentials = found(airtel, signs=True)[0]
    assert credentials.verdict is Verdict.BROKEN
    assert "key call answered 503" in credentials.says


def test_no_callback_address_is_advice(airtel: Airtel) -> None:
    for missing in ({"callback_token": ""}, {"callback_base_url": None}):
        [_, callbacks] = found(airtel, **missing)
        assert (callbacks.verdict, callbacks.code) == (
            Verdict.ADVICE,
            "airtel_callbacks_no_address",
        )


def test_the_address_is_tried_by_post_with_a_token_that_nobody_has(
    airtel: Airtel, httpserver: HTTPServer
) -> None:
    body = b'{"code": "callback_unknown"}'
    httpserver.expect_request(re.compile(""), method="POST").respond_with_data(body, 404)
    ours = httpserver.url_for("")
    _, address, unproven = found(airtel, callback_base_url=ours)
    assert (address.verdict, address.code) == (Verdict.FINE, "airtel_callbacks_lead_here")
    assert TOKEN not in str(address) + httpserver.log[0][0].path
    assert (unproven.verdict, unproven.code) == (Verdict.ADVICE, "airtel_callbacks_unproven")
    assert len(found(airtel, callback_base_url=ours, callback_key="k")) == 2
