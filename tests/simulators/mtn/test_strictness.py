"""What MTN refuses, and with which of its envelopes; nothing is stored by any of it."""

import uuid
from typing import Any

import pytest

GATEWAY = {"statusCode", "message"}
PLATFORM = {"code", "message"}


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"Ocp-Apim-Subscription-Key": None}, 401, "missing subscription key"),
        ({"Ocp-Apim-Subscription-Key": "wrong"}, 401, "invalid subscription key"),
        ({"Authorization": None}, 401, "Unauthorized"),
        ({"Authorization": "Bearer wrong"}, 401, "Unauthorized"),
        ({"X-Target-Environment": None}, 400, ""),
        ({"X-Target-Environment": "sandbox"}, 500, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        ({"X-Reference-Id": None}, 400, ""),
        ({"X-Reference-Id": "42"}, 400, ""),
        ({"X-Reference-Id": str(uuid.uuid1())}, 400, ""),
        ({"X-Reference-Id": str(uuid.uuid4()).replace("-", "")}, 400, ""),
        ({"X-Callback-Url": ""}, 400, ""),
        ({"X-Callback-Url": "ftp://127.0.0.1/x"}, 400, ""),
        ({"X-Callback-Url": "https://127.0.0.1/x?token=1"}, 400, ""),
        ({"X-Callback-Url": "https://[127/x"}, 400, ""),
        ({"X-Callback-Url": "https://elsewhere.example/x"}, 500, "INVALID_CALLBACK_URL_HOST"),
        ({"X-Callback-Url": "https://sub.127.0.0.1/x"}, 500, "INVALID_CALLBACK_URL_HOST"),
        ({"Content-Type": "text/plain"}, 400, ""),
    ],
)
def test_a_wrong_header_is_refused(
    mtn: Any, reference_id: str, change: dict[str, str | None], status: int, says: str
) -> None:
    answer = mtn.pay(headers={"X-Reference-Id": reference_id, **change})
    assert answer.status_code == status
    assert says in answer.text
    assert bool(answer.text) is bool(says)
    assert mtn.poll(reference_id).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "0"},
        {"amount": "0.00"},
        {"amount": "-1"},
        {"amount": "+1"},
        {"amount": "1.234"},
        {"amount": "1."},
        {"amount": ".5"},
        {"amount": "01"},
        {"amount": "1e3"},
        {"amount": "NaN"},
        {"amount": "1,00"},
        {"amount": 12.5},
        {"amount": None},
        {"currency": "kwacha"},
        {"currency": None},
        {"externalId": "two words"},
        {"externalId": ""},
        {"externalId": 42},
        {"payer": None},
        {"payer": "260963123400"},
        {"payer": {"partyIdType": "msisdn", "partyId": "260963123400"}},
        {"payer": {"partyIdType": "MSISDN", "partyId": "+260963123400"}},
        {"payer": {"partyIdType": "MSISDN", "partyId": "0963123400"}},
        {"payer": {"partyIdType": "MSISDN", "partyId": 260963123400}},
        {"payer": {"partyIdType": "MSISDN"}},
        {"payerMessage": None},
        {"payerMessage": "x" * 129},
        {"payerMessage": "it's"},
        {"payerMessage": "<b>"},
        {"payeeNote": "x" * 129},
        {"payeeNote": "é"},
    ],
)
def test_a_malformed_body_is_an_empty_400(
    mtn: Any, reference_id: str, change: dict[str, Any]
) -> None:
    answer = mtn.pay(reference_id=reference_id, **change)
    assert (answer.status_code, answer.text) == (400, "")
    assert mtn.poll(reference_id).status_code == 404


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff"])
def test_a_body_that_is_no_json_object_is_an_empty_400(mtn: Any, content: bytes) -> None:
    headers = mtn.headers({"X-Reference-Id": str(uuid.uuid4()), "Content-Type": "application/json"})
    answer = mtn.call("POST", "/collection/v1_0/requesttopay", headers=headers, data=content)
    assert (answer.status_code, answer.text) == (400, "")


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "0.01"},
        {"amount": "100"},
        {"payerMessage": "", "payeeNote": "x" * 128},
        {"transferType": "CUSTOM_PAYMENT"},
    ],
)
def test_what_mtn_accepts_is_accepted(mtn: Any, change: dict[str, Any]) -> None:
    answer = mtn.pay(**change)
    assert (answer.status_code, answer.text) == (202, "")


def test_the_currency_of_another_environment_is_refused(mtn: Any, sandbox: Any) -> None:
    for network, foreign in ((mtn, "EUR"), (sandbox, "ZMW")):
        answer = network.pay(currency=foreign)
        assert (answer.status_code, answer.json()["code"]) == (500, "INVALID_CURRENCY")


def test_a_reference_is_used_once_in_any_letter_case(mtn: Any, reference_id: str) -> None:
    assert mtn.pay(reference_id=reference_id).status_code == 202
    for again in (reference_id, reference_id.upper()):
        answer = mtn.pay(reference_id=again, amount="99")
        assert (answer.status_code, answer.json()["code"]) == (409, "RESOURCE_ALREADY_EXIST")
    assert mtn.poll(reference_id).json()["amount"] == "12.5"


def test_each_envelope_has_its_own_fields(mtn: Any) -> None:
    assert mtn.pay(headers={"Authorization": None}).json().keys() == GATEWAY
    assert mtn.pay(currency="EUR").json().keys() == PLATFORM
    assert mtn.get("/collection/v1_0/nothing").json().keys() == GATEWAY


def test_a_poll_needs_a_uuid_v4_and_finds_only_what_was_stored(mtn: Any, reference_id: str) -> None:
    assert mtn.poll("42").status_code == 400
    unknown = mtn.poll(reference_id)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize("path", ["/collection//v1_0/requesttopay", "/requesttopay", "/"])
def test_the_gateway_knows_no_other_path(mtn: Any, path: str) -> None:
    answer = mtn.call("POST", path, headers=mtn.headers(), json=mtn.body())
    assert (answer.status_code, answer.json()["statusCode"]) == (404, 404)
