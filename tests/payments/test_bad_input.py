"""Whatever is wrong with a request for money: one clear problem, and no row anywhere."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.doors import HeldBells, ScriptedNetwork
from tests.merchants import BASE, Merchant, payment_request
from tests.refusals import refusal, wrong_fields
from tests.tables import row_counts

NUL, EMOJI, LONE_SURROGATE = "order\x00-1", "order-\N{SNOWMAN}", "\ud800"

WRONG_FIELDS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "unknown field": ({"amonut": "12.50"}, {"amonut"}),
    "camel case of another language": ({"external_id": "order-1"}, {"external_id"}),
    "amount is missing": ({"amount": None}, {"amount"}),
    "amount of zero": ({"amount": "0"}, {"amount"}),
    "amount of zero with decimals": ({"amount": "0.00"}, {"amount"}),
    "negative amount": ({"amount": "-5.00"}, {"amount"}),
    "signed amount": ({"amount": "+5.00"}, {"amount"}),
    "three decimals": ({"amount": "12.505"}, {"amount"}),
    "exponent": ({"amount": "1e3"}, {"amount"}),
    "not a number": ({"amount": "NaN"}, {"amount"}),
    "infinite": ({"amount": "Infinity"}, {"amount"}),
    "grouped": ({"amount": "1,000.00"}, {"amount"}),
    "padded": ({"amount": " 12.50"}, {"amount"}),
    "with a line feed": ({"amount": "12.50\n"}, {"amount"}),
    "leading zero": ({"amount": "012.50"}, {"amount"}),
    "digits of another script": ({"amount": "\u0661\u0662"}, {"amount"}),
    "amount as a float": ({"amount": 12.5}, {"amount"}),
    "amount as an integer": ({"amount": 12}, {"amount"}),
    "amount as an object": ({"amount": {"value": "12.50"}}, {"amount"}),
    "ten digits too long": ({"amount": "1" * 20}, {"amount"}),
    "four thousand digits": ({"amount": "9" * 4000}, {"amount"}),
    "more than the network takes": ({"amount": "1000000.01"}, {"amount"}),
    "unknown currency": ({"currency": "XXX"}, {"currency"}),
    "currency in lower case": ({"currency": "zmw"}, {"currency"}),
    "empty currency": ({"currency": ""}, {"currency"}),
    "currency that the network does not take": ({"currency": "EUR"}, {"currency"}),
    "number is missing": ({"msisdn": None}, {"msisdn"}),
    "landline": ({"msisdn": "260211123450"}, {"msisdn"}),
    "foreign": ({"msisdn": "263771234567"}, {"msisdn"}),
    "too short": ({"msisdn": "09631234"}, {"msisdn"}),
    "too long": ({"msisdn": "2609631234501"}, {"msisdn"}),
    "letters": ({"msisdn": "0963ABC450"}, {"msisdn"}),
    "number as an integer": ({"msisdn": 260963123450}, {"msisdn"}),
    "a network that is not served": ({"msisdn": "260973123450"}, {"msisdn"}),
    "another network that is not served": ({"msisdn": "260953123450"}, {"msisdn"}),
    "the network's own test number outside its sandbox": ({"msisdn": "46733123450"}, {"msisdn"}),
    "unknown provider": ({"provider": "AIRTEL"}, {"provider"}),
    "provider as a list": ({"provider": ["MTN"]}, {"provider"}),
    "externalId is missing": ({"externalId": None}, {"externalId"}),
    "externalId is empty": ({"externalId": ""}, {"externalId"}),
    "externalId of 300 characters": ({"externalId": "x" * 300}, {"externalId"}),
    "externalId with an emoji": ({"externalId": EMOJI}, {"externalId"}),
    "externalId with a space": ({"externalId": "order 1"}, {"externalId"}),
    "externalId as an integer": ({"externalId": 1042}, {"externalId"}),
    "message too long": ({"payerMessage": "x" * 129}, {"payerMessage"}),
    "message of two lines": ({"payerMessage": "one\ntwo"}, {"payerMessage"}),
    "note too long": ({"payeeNote": "x" * 129}, {"payeeNote"}),
    "metadata too deep": ({"metadata": {"a": {"b": "c"}}}, {"metadata.a.value"}),
    "metadata as a list": ({"metadata": ["a"]}, {"metadata"}),
    "metadata with a number": ({"metadata": {"a": 1}}, {"metadata.a.value"}),
    "too many metadata": ({"metadata": {str(n): "x" for n in range(21)}}, {"metadata"}),
    "metadata value too long": ({"metadata": {"a": "x" * 501}}, {"metadata.a.value"}),
    "metadata key too long": ({"metadata": {"k" * 41: "x"}}, {f"metadata.{'k' * 41}.key"}),
    "metadata with an empty key": ({"metadata": {"": "x"}}, {"metadata..key"}),
}

GOOD = json.dumps(payment_request())
NO_JSON: dict[str, tuple[bytes, str, int, str]] = {
    "broken": (b'{"amount": "12.50"', "application/json", 400, "malformed_request"),
    "text": (b"pay me", "application/json", 400, "malformed_request"),
    "array": (f"[{GOOD}]".encode(), "application/json", 400, "malformed_request"),
    "null": (b"null", "application/json", 400, "malformed_request"),
    "a bare number": (b"12.50", "application/json", 400, "malformed_request"),
    "not UTF-8": (b'{"amount": "\xff\xfe"}', "application/json", 400, "malformed_request"),
    "NaN as a literal": (b'{"amount": NaN}', "application/json", 400, "malformed_request"),
    "nested without end": (b"[" * 60_000, "application/json", 400, "malformed_request"),
    "metadata nested deeply": (
        b'{"metadata": ' + b'{"a": ' * 30 + b'"x"' + b"}" * 31,
        "application/json",
        400,
        "malformed_request",
    ),
    "NUL": (json.dumps({"externalId": NUL}).encode(), "application/json", 400, "malformed_request"),
    "half a surrogate pair": (
        json.dumps({"payerMessage": LONE_SURROGATE}).encode(),
        "application/json",
        400,
        "malformed_request",
    ),
    "no body": (b"", "application/json", 422, "validation_failed"),
    "form": (b"amount=12.50", "application/x-www-form-urlencoded", 415, "not_json"),
    "json by another name": (GOOD.encode(), "text/plain", 415, "not_json"),
    "json without a name": (GOOD.encode(), "", 415, "not_json"),
    "65 KiB": (b" " * 65 * 1024 + GOOD.encode(), "application/json", 413, "body_too_large"),
}


@pytest.fixture(autouse=True)
def nothing_happens(
    app: Flask, merchant: Merchant, bells: HeldBells, network: ScriptedNetwork
) -> Iterator[None]:
    """Around every test here: no row anywhere, no bell, no call to the network."""
    before = row_counts(app)
    yield
    assert row_counts(app) == before
    assert bells.tasks == []
    assert network.submissions == []


@pytest.mark.parametrize("case", WRONG_FIELDS)
def test_a_wrong_field_is_named(merchant: Merchant, case: str) -> None:
    changes, wrong = WRONG_FIELDS[case]
    body = refusal(merchant.pay(**changes), 422, "validation_failed")
    assert wrong_fields(body) == wrong


@pytest.mark.parametrize("case", NO_JSON)
def test_what_is_no_json_object_is_refused(
    client: FlaskClient, merchant: Merchant, case: str
) -> None:
    body, content_type, status, code = NO_JSON[case]
    answer = client.post(
        f"{BASE}/payments", data=body, content_type=content_type, headers=merchant.headers()
    )
    refusal(answer, status, code)


def test_everything_that_is_wrong_is_said_at_once(merchant: Merchant) -> None:
    answer = merchant.pay(
        externalId="", amount="-1", msisdn="1", payerMessage="x" * 129, metadata=[], tip="5"
    )
    wrong = {"externalId", "amount", "msisdn", "payerMessage", "metadata", "tip"}
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == wrong


@pytest.mark.parametrize("key", ["", " ", "two words", "x" * 256, "\u00e9"])
def test_a_wrong_idempotency_key_is_refused(merchant: Merchant, key: str) -> None:
    answer = merchant.post("/payments", payment_request(), **{"Idempotency-Key": key})
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == {"Idempotency-Key"}
