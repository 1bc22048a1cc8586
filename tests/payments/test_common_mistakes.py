"""The mistakes that newcomers make are answered with what to do about them."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.merchants import BASE, Merchant, payment_request
from tests.support.refusals import refusal

BROKEN: dict[str, tuple[bytes, str]] = {
    "comma at the end": (b'{"amount": "12.50",}', "look at line 1, column 20"),
    "single quotes": (b"{'amount': '12.50'}", "look at line 1, column 2."),
    "names without quotes": (b'{\n  amount: "12.50"}', "look at line 2, column 3."),
    "cut off": (b'{"amount": "12.50"', "look at line 1, column 19"),
    "two bodies": (b"{}{}", "look at line 1, column 3."),
    "list": (b'[{"amount": "12.50"}]', "must be a JSON object, such as"),
    "text": (b'"amount=12.50"', "must be a JSON object, such as"),
    "another encoding": (b'{"payerMessage": "caf\xe9"}', "must be JSON in UTF-8"),
    "no number": (b'{"amount": NaN}', "NaN is no JSON number"),
    "nested": (b"[" * 60_000, "nested more than 16 deep"),
    "NUL": (b'{"externalId": "\\u0000"}', "U+0000"),
    "half a pair": (b'{"externalId": "\\ud800"}', "half of a surrogate pair"),
    "member twice": (b'{"amount": "1", "amount": "2"}', "names a member twice"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_body_that_cannot_be_read_is_told_why(merchant: Merchant, case: str) -> None:
    body, said = BROKEN[case]
    answer = merchant.client.post(
        f"{BASE}/payments",
        data=body,
        content_type="application/json",
        headers=merchant.headers(),
    )
    assert said in refusal(answer, 400, "malformed_request")["detail"]


NUMBER = "msisdn: must be a mobile number such as 0963123400 or 260963123400"
FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "currency in lower case": (
        {"currency": "zmw"},
        'currency: zmw is not a currency we take: send "ZMW", or leave it out',
    ),
    "network in lower case": (
        {"provider": "mtn"},
        "provider: is no network that is served here (served: MTN)",
    ),
    "amount too large": (
        {"amount": "10000000000"},
        "amount: must have at most 10 digits before the point",
    ),
    "number too short": (
        {"msisdn": "096312340"},
        f"{NUMBER}; this one has too few digits",
    ),
    "number too long": (
        {"msisdn": "+260 96 312 3400 1"},
        f"{NUMBER}; this one has too many digits",
    ),
    "message too long": (
        {"payerMessage": "x" * 129},
        "payerMessage: its length must be at most 128",
    ),
}


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("case", FIELDS)
def test_a_wrong_field_is_told_what_to_send(merchant: Merchant, case: str) -> None:
    changes, said = FIELDS[case]
    assert refusal(merchant.pay(**changes), 422, "validation_failed")["detail"] == said


@pytest.mark.parametrize("field", ["externalId", "amount", "msisdn"])
def test_null_for_what_is_required_is_not_told_to_leave_it_out(
    merchant: Merchant, field: str
) -> None:
    answer = merchant.post("/payments", payment_request() | {field: None})
    said = f"{field}: is required, and must not be null"
    assert refusal(answer, 422, "validation_failed")["detail"] == said


ZONE = (
    "must be a time with its zone: 2026-01-31T12:00:00Z in UTC, or 2026-01-31T14:00:00+02:00 "
    "(in a URL the + is written %2B)"
)
FILTERS = {
    "createdFrom=2026-11-28": f"createdFrom: {ZONE}",
    "createdTo=2026-11-28T03:00:00": f"createdTo: {ZONE}",
    "createdFrom=2026-11-28T03:00:00+02:00": f"createdFrom: {ZONE}",
    "createdFrom=28/11/2026": "createdFrom: must be a time such as 2026-01-31T12:00:00Z",
    "limit=1000": "limit: must be from 1 to 100",
    "status=successful": (
        "status: must be one of: PENDING, PROCESSING, IN_REVIEW, SUCCESSFUL, FAILED"
    ),
    "provider=mtn": "provider: must be the code of a network in capitals, as payments show it",
    "status[]=PENDING": "status[]: is not known here; write status=...&status=... for a list",
    "status%5B0%5D=PENDING": "status[0]: is not known here; write status=...&status=... for a list",
}


@pytest.mark.parametrize("query", FILTERS)
def test_a_wrong_filter_is_told_what_to_send(merchant: Merchant, query: str) -> None:
    answer = merchant.client.get(f"{BASE}/payments?{query}", headers=merchant.headers())
    assert refusal(answer, 422, "validation_failed")["detail"] == FILTERS[query]


@pytest.mark.parametrize("presented", ["$ZAMPAY_API_KEY", "ten_01m8fty5e7s3xm8j6z0etk67xd", '"zp"'])
def test_what_is_no_key_at_all_is_told_how_keys_begin(merchant: Merchant, presented: str) -> None:
    headers = merchant.headers() | {"Authorization": f"Bearer {presented}"}
    answer = merchant.client.get(f"{BASE}/payments", headers=headers)
    assert "zp_test_" in refusal(answer, 401, "not_authenticated")["detail"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "zp_test_a"}, {"X-Api-Key": "a"}])
def test_without_a_bearer_the_header_is_named(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.get(f"{BASE}/payments", headers=headers)
    said = refusal(answer, 401, "not_authenticated")["detail"]
    assert said == "Send `Authorization: Bearer <api key>`."


def test_a_wrong_method_is_told_the_right_one_in_words(merchant: Merchant) -> None:
    answer = merchant.client.put(f"{BASE}/payments", headers=merchant.headers())
    said = refusal(answer, 405, "method_not_allowed")["detail"]
    assert said == "Send GET or POST: this path takes no other method."


def test_an_unknown_payment_is_told_what_to_check(merchant: Merchant) -> None:
    said = refusal(merchant.get("/payments/order-1042"), 404, "payment_not_found")["detail"]
    assert said == (
        "There is no such payment. Check the `pay_…` id, and whether the key is test or live."
    )
