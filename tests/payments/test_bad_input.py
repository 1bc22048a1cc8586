"""Whatever is wrong with a request for money: one clear problem, and no row anywhere."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.fakes import HeldQueue, ScriptedNetwork
from tests.support.merchants import BASE, Merchant, payment_request
from tests.support.refusals import refusal, wrong_fields
from tests.support.tables import row_counts

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
    "grouped by blanks": ({"amount": "1 000.00"}, {"amount"}),
    "comma before the decimals": ({"amount": "12,50"}, {"amount"}),
    "with its currency": ({"amount": "K12.50"}, {"amount"}),
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
    "metadata too deep": ({"metadata": {"a": {"b": "c"}}}, {"metadata.a"}),
    "metadata as a list": ({"metadata": ["a"]}, {"metadata"}),
    "metadata with a number": ({"metadata": {"a": 1}}, {"metadata.a"}),
    "too many metadata": ({"metadata": {str(n): "x" for n in range(21)}}, {"metadata"}),
    "metadata value too long": ({"metadata": {"a": "x" * 501}}, {"metadata.a"}),
    "metadata key too long": ({"metadata": {"k" * 41: "x"}}, {f"metadata.{'k' * 41}"}),
    "metadata with an empty key": ({"metadata": {"": "x"}}, {"metadata."}),
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
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> Iterator[None]:
    """Around every test here: no row anywhere, no message, no call to the network."""
    before = row_counts(app)
    yield
    assert row_counts(app) == before
    assert task_queue.tasks == []
    assert network.submissions == []


@pytest.mark.parametrize("case", WRONG_FIELDS)
def test_a_wrong_field_is_named(merchant: Merchant, case: str) -> None:
    changes, wrong = WRONG_FIELDS[case]
    body = refusal(merchant.pay(**changes), 422, "validation_failed")
    assert wrong_fields(body) == wrong


GROUPING = (
    "must have a point before the decimals and nothing between thousands: write 12.50 or 1000.00"
)
SAID: dict[str, tuple[dict[str, Any], str, str]] = {
    "half a kwacha too few": ({"amount": 12.5}, "amount", 'send it as text: "12.50"'),
    "whole": ({"amount": 12}, "amount", 'send it as text: "12.00"'),
    "too exact": ({"amount": 12.505}, "amount", 'send it as text, such as "12.50"'),
    "negative": ({"amount": -3}, "amount", 'send it as text, such as "12.50"'),
    "true": ({"amount": True}, "amount", 'send it as text, such as "12.50"'),
    "list": ({"amount": ["12.50"]}, "amount", 'send it as text, such as "12.50"'),
    "id": ({"externalId": 1042}, "externalId", 'send it as text: "1042"'),
    "number": ({"msisdn": 260963123400}, "msisdn", 'send it as text: "260963123400"'),
    "message": ({"payerMessage": False}, "payerMessage", "must be text, in quotes"),
    "metadata": ({"metadata": {"order": 7}}, "metadata.order", 'send it as text: "7"'),
    "metadata twice": (
        {"metadata": {"k" * 41: 7}},
        f"metadata.{'k' * 41}",
        'the name: Length must be between 1 and 40. send it as text: "7"',
    ),
    "no object": ({"metadata": "a=b"}, "metadata", 'must be an object such as {"name": "text"}'),
    "missing": ({"amount": None}, "amount", "is required"),
    "misspelt": ({"amonut": "1"}, "amonut", "is not known here; check its spelling"),
    "comma": (
        {"amount": "12,50"},
        "amount",
        GROUPING,
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_what_is_wrong_is_said_with_what_to_send_and_stands_in_detail_too(
    merchant: Merchant, case: str
) -> None:
    changes, field, message = SAID[case]
    body = refusal(merchant.pay(**changes), 422, "validation_failed")
    assert body["errors"] == [{"field": field, "message": message}]
    assert body["detail"] == f"{field}: {message}"


OPTIONAL = ["currency", "payerMessage", "payeeNote", "metadata"]


@pytest.mark.parametrize("field", OPTIONAL)
def test_null_for_a_member_that_may_be_left_out_is_refused_in_words(
    merchant: Merchant, field: str
) -> None:
    answer = merchant.post("/payments", payment_request() | {field: None})
    said = "must not be null; leave it out if you have nothing to say"
    body = refusal(answer, 422, "validation_failed")
    assert body["detail"] == f"{field}: {said}"


WRONG_NETWORK: list[tuple[dict[str, Any], str]] = [
    ({"msisdn": "0973123400"}, "msisdn: belongs to no network that is served here (served: MTN)"),
    ({"amount": "1000000.01"}, "amount: must be from 0.01 to 1000000.00 ZMW for MTN"),
]


@pytest.mark.parametrize(("changes", "detail"), WRONG_NETWORK, ids=["number", "amount"])
def test_what_a_network_does_not_take_stands_in_detail(
    merchant: Merchant, changes: dict[str, Any], detail: str
) -> None:
    assert refusal(merchant.pay(**changes), 422, "validation_failed")["detail"] == detail


def test_of_many_errors_the_first_stands_in_detail(merchant: Merchant) -> None:
    answer = merchant.get("/payments", limit="0", status="PAID", page="2")
    body = refusal(answer, 422, "validation_failed")
    first = body["errors"][0]
    assert body["detail"] == f"{first['field']}: {first['message']}"
    assert len(body["errors"]) == 3


def test_no_refusal_is_in_the_words_of_a_library(merchant: Merchant) -> None:
    """Every member of every body, given what it cannot be."""
    for path, members in {
        "/payments": [*payment_request(), *OPTIONAL, "provider"],
        "/webhook-endpoints": ["url", "eventTypes", "description", "headers", "enabled"],
        "/api-keys": ["livemode", "name", "scopes", "expiresAt"],
        "/auth/register": ["businessName", "email"],
    }.items():
        wrong: Any
        for wrong in (7, 7.5, True, "no", ["no", 7], [[]], {"a": 7}, {"a": {"b": "c"}}):
            answer = merchant.post(path, dict.fromkeys(members, wrong))
            for line in refusal(answer, 422, "validation_failed")["errors"]:
                assert "Not a valid" not in line["message"], (path, wrong, line)
                assert "Invalid input" not in line["message"], (path, wrong, line)


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
        externalId="", amount="-1", msisdn="1", payerMessage="x" * 129, metadata=[1], tip="5"
    )
    wrong = {"externalId", "amount", "msisdn", "payerMessage", "metadata", "tip"}
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == wrong


@pytest.mark.parametrize("key", ["", " ", "two words", "x" * 256, "\u00e9"])
def test_a_wrong_idempotency_key_is_refused(merchant: Merchant, key: str) -> None:
    answer = merchant.post("/payments", payment_request(), headers={"Idempotency-Key": key})
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == {"Idempotency-Key"}
