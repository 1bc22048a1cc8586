"""MTN's bodies as they were recorded, with all their irregularities."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zampay.infra.http.outbound import Reply
from zampay.providers import json_text
from zampay.providers.contract import (
    Accepted,
    Declined,
    InDoubt,
    NoAnswer,
    NotFound,
    ProviderResult,
    ResultStatus,
    Throttled,
)
from zampay.providers.failures import FailureCode
from zampay.providers.mtn import adapter, bodies, mapping

UNKNOWN = '{"code":"RESOURCE_NOT_FOUND","message":"Requested resource was not found."}'
GATEWAY_404 = '{"statusCode":404,"message":"Resource not found"}'
FIREWALL = "<html><body>Request Rejected. Your Support ID is: 1234567890</body></html>"


def reported(text: str) -> ProviderResult:
    found = bodies.result(text)
    assert found is not None
    return found


def test_the_example_with_numbers_for_strings_is_read_as_text() -> None:
    found = reported(
        '{"amount":100,"currency":"UGX","financialTransactionId":23503452,"externalId":947354,'
        '"payer":{"partyIdType":"MSISDN","partyId":4656473839},"status":"SUCCESSFUL"}'
    )
    assert found == ProviderResult(
        ResultStatus.SUCCESSFUL, "SUCCESSFUL", "100", "UGX", "947354", "23503452"
    )


@pytest.mark.parametrize(
    ("reason", "code", "provider_code"),
    [
        ('"reason":"INTERNAL_PROCESSING_ERROR",', "unspecified", "INTERNAL_PROCESSING_ERROR"),
        (
            '"reason":{"code":"PAYER_NOT_FOUND","message":"Payee does not exist"},',
            "payer_not_found",
            "PAYER_NOT_FOUND",
        ),
        ('"reason":"SOMETHING_NEW",', "unspecified", "SOMETHING_NEW"),
        ('"reason":{"message":"no code"},', "unspecified", None),
        ('"reason":null,', "unspecified", None),
        ('"reason":["A"],', "unspecified", None),
        ('"reason":42,', "unspecified", "42"),
        ("", "unspecified", None),
    ],
)
def test_a_reason_is_an_object_a_string_or_absent(
    reason: str, code: str, provider_code: str | None
) -> None:
    found = reported(f'{{"amount":"50","currency":"XAF",{reason}"status":"FAILED"}}')
    assert found.status is ResultStatus.FAILED
    assert found.failure is not None
    assert (found.failure.code, found.failure.provider_code) == (code, provider_code)


def test_a_transaction_id_on_a_failure_does_not_make_it_a_success() -> None:
    found = reported('{"financialTransactionId":"1884710816","status":"FAILED"}')
    assert found.status is ResultStatus.FAILED


@pytest.mark.parametrize("status", ["PENDING", "CREATED", "NEVER_HEARD_OF", "successful ", "0"])
def test_an_unknown_status_is_pending_and_a_known_one_may_be_written_small(status: str) -> None:
    found = reported(f'{{"status":"{status}"}}')
    expected = "SUCCESSFUL" if status.strip().upper() == "SUCCESSFUL" else "PENDING"
    assert (found.status, found.provider_status) == (expected, status.strip())
    assert found.failure is None


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "null", "[]", "1", '"SUCCESSFUL"', "{}", '{"status":null}', "\x00"],
        *['{"status":true}', '{"status":["SUCCESSFUL"]}', '{"status":"SUCCESSFUL"'],
        *[FIREWALL, GATEWAY_404],
    ],
)
def test_what_is_no_report_is_none(text: str) -> None:
    assert bodies.result(text) is None


@settings(max_examples=60)
@given(st.text() | st.recursive(st.none() | st.text(), st.lists, max_leaves=5).map(json.dumps))
def test_no_text_raises(text: str) -> None:
    assert json_text.parsed(text) is not None
    bodies.error_code(text)
    bodies.result(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"code":"INVALID_CURRENCY","message":"Currency not supported."}', "INVALID_CURRENCY"),
        ('{"error":"login_failed"}', "login_failed"),
        ('{"statusCode":401,"message":"Access denied due to invalid subscription key."}', None),
        (FIREWALL, None),
        ("", None),
        ('{"code":{"a":1}}', None),
        ('{"code":""}', None),
    ],
)
def test_the_code_of_an_error_is_found_in_either_envelope(text: str, code: str | None) -> None:
    assert bodies.error_code(text) == code


def test_texts_are_bounded() -> None:
    found = reported(f'{{"status":"{"X" * 500}","amount":"{"9" * 500}"}}')
    assert (len(found.provider_status), len(found.amount or "")) == (64, 128)


SUBMISSIONS = [
    (202, "", Accepted),
    (202, "{broken", Accepted),
    (409, '{"code":"RESOURCE_ALREADY_EXIST","message":"Duplicated reference id."}', Accepted),
    (400, "", Declined),
    (401, '{"statusCode":401,"message":"Access denied"}', Declined),
    (403, '{"statusCode":403,"message":"Forbidden"}', Declined),
    (404, GATEWAY_404, Declined),
    (429, "", Throttled),
    (500, '{"code":"PAYER_NOT_FOUND","message":"Payer does not exist."}', Declined),
    (500, '{"code":"INVALID_CURRENCY","message":"Currency not supported."}', InDoubt),
    (500, '{"code":"INTERNAL_PROCESSING_ERROR","message":"An error."}', InDoubt),
    (500, '{"code":"SOMETHING_NEW"}', InDoubt),
    (500, FIREWALL, InDoubt),
    (500, "", InDoubt),
    (503, '{"code":"SERVICE_UNAVAILABLE"}', InDoubt),
    (502, "", InDoubt),
    (504, "", InDoubt),
    (200, "", InDoubt),
    (200, FIREWALL, InDoubt),
    (302, "", InDoubt),
    (418, "{}", InDoubt),
]


DUPLICATE = '{"code":"RESOURCE_ALREADY_EXIST","message":"Duplicated reference id."}'
SUBMISSIONS += [
    (status, DUPLICATE, Accepted) for status in (200, 400, 401, 403, 404, 429, 500, 503)
]
SUBMISSIONS += [
    (400, '{"code":"RESOURCE_ALREADY_EXISTS"}', Accepted),
    (500, '{"code":"resource already exist"}', Accepted),
    (400, '{"error":"RESOURCE_ALREADY_EXIST"}', Accepted),
    (400, '{"error":{"code":"RESOURCE_ALREADY_EXIST"}}', Accepted),
    (500, '{"reason":{"code":"RESOURCE_ALREADY_EXIST"}}', Accepted),
    (400, '{"statusCode":400,"message":"Duplicated reference id. Creation failed."}', Accepted),
    (409, "", Accepted),
    (409, '{"statusCode":409,"message":"Conflict"}', Accepted),
    (409, FIREWALL, InDoubt),
    (409, '{"code":"PAYER_NOT_FOUND"}', Declined),
    (409, '{"code":"INVALID_CURRENCY"}', InDoubt),
]
for _status in (400, 401, 403, 404, 429, 502):
    SUBMISSIONS += [
        (_status, '{"code":"PAYER_NOT_FOUND"}', Declined),
        (_status, '{"code":"INVALID_CURRENCY"}', InDoubt),
        (_status, '{"code":"INTERNAL_PROCESSING_ERROR"}', InDoubt),
        (_status, '{"code":"SERVICE_UNAVAILABLE"}', InDoubt),
    ]
for _status in (400, 401, 403, 404):
    SUBMISSIONS += [
        (_status, FIREWALL, InDoubt),
        (_status, '{"code":"SOMETHING_NEW"}', InDoubt),
        (_status, UNKNOWN, InDoubt),
    ]


@pytest.mark.parametrize(("status", "text", "kind"), SUBMISSIONS)
def test_an_answer_to_a_request_to_pay_means(status: int, text: str, kind: type) -> None:
    assert type(adapter._submission(Reply(status, text))) is kind


def test_a_refusal_of_our_set_up_is_presumed_and_kept_with_its_code() -> None:
    found = adapter._submission(Reply(500, '{"code":"INVALID_CALLBACK_URL_HOST"}'))
    assert isinstance(found, InDoubt)
    assert found.presumed is not None
    assert found.presumed.code is FailureCode.PROVIDER_REJECTED
    assert found.presumed.provider_code == "INVALID_CALLBACK_URL_HOST"


@pytest.mark.parametrize("text", [FIREWALL, UNKNOWN, '{"code":"SOMETHING_NEW"}'])
def test_a_refusal_in_a_body_that_is_not_known_is_presumed_until_the_network_is_asked(
    text: str,
) -> None:
    found = adapter._submission(Reply(403, text))
    assert isinstance(found, InDoubt)
    assert found.presumed == mapping.REFUSED_BY_STATUS[403]


def test_too_many_requests_says_how_long_to_wait() -> None:
    found = adapter._submission(Reply(429, "", retry_after_s=7.0))
    assert found == Throttled("too many requests (429)", retry_after_s=7.0)


POLLS = [
    (200, '{"status":"PENDING"}', ProviderResult),
    (404, UNKNOWN, NotFound),
    (404, '{"code":"TRANSACTION_NOT_FOUND"}', NotFound),
    (404, GATEWAY_404, NoAnswer),
    (404, FIREWALL, NoAnswer),
    (404, "", NoAnswer),
    (404, '{"error":"RESOURCE_NOT_FOUND"}', NoAnswer),
    (404, '{"reason":{"code":"RESOURCE_NOT_FOUND"}}', NoAnswer),
    (404, '{"code":"resource_not_found"}', NoAnswer),
    (404, '{"code":"RESOURCE_ALREADY_EXIST"}', NoAnswer),
    (200, UNKNOWN, NoAnswer),
    (400, UNKNOWN, NoAnswer),
    (500, UNKNOWN, NoAnswer),
    (500, '{"status":"FAILED"}', NoAnswer),
    (202, '{"status":"FAILED"}', NoAnswer),
    (200, "", NoAnswer),
    (200, FIREWALL, NoAnswer),
    (401, "", NoAnswer),
    (429, "", NoAnswer),
    (503, "", NoAnswer),
]


@pytest.mark.parametrize(("status", "text", "kind"), POLLS)
def test_an_answer_to_a_poll_means(status: int, text: str, kind: type) -> None:
    assert type(adapter._poll_answer(Reply(status, text))) is kind
