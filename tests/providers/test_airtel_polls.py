"""Airtel's answers to a poll, as its portal and its production give them: what each means."""

from typing import Any

import pytest

from tests.support.airtel import OURS, Airtel, alarms, polled, refusal
from zampay.providers.contract import (
    NoAnswer,
    NotFound,
    ProviderResult,
    ResultStatus,
)
from zampay.providers.failures import FailureCode

PENDING, PAID, FAILED = ResultStatus.PENDING, ResultStatus.SUCCESSFUL, ResultStatus.FAILED


def polled_body(status: object, code: str | None = None, **transaction: object) -> dict[str, Any]:
    told: dict[str, Any] = {"code": "200", "success": status != "TF", "response_code": code}
    return {"data": {"transaction": {"id": OURS, "status": status, **transaction}}, "status": told}


@pytest.mark.parametrize("code", ["DP00800001001", "DP00800001006", None, "DP00800001005"])
def test_ts_is_money_whatever_the_code(airtel: Airtel, code: str | None) -> None:
    body = polled_body("TS", code, airtel_money_id="MP210603.1234.L06941", message="Paid ZMW 5,000")
    found = polled(airtel, 200, body)
    assert isinstance(found, ProviderResult)
    assert (found.status, found.provider_status) == (PAID, "TS")
    assert found.provider_transaction_id == "MP210603.1234.L06941"
    assert (found.amount, found.currency, found.transfer_id) == (None, None, None)


@pytest.mark.parametrize("money_id", ["NA", "na", "N/A", "", None, {}])
def test_a_placeholder_is_no_id_of_airtels(airtel: Airtel, money_id: object) -> None:
    found = polled(airtel, 200, polled_body("TS", airtel_money_id=money_id))
    assert isinstance(found, ProviderResult)
    assert found.provider_transaction_id is None


@pytest.mark.parametrize("status", ["TIP", "TI", "TA"])
def test_what_goes_on_is_asked_again(airtel: Airtel, status: str) -> None:
    before = alarms()
    found = polled(airtel, 200, polled_body(status, "DP00800001006"))
    assert isinstance(found, ProviderResult)
    assert found.status is PENDING
    assert alarms() == before


@pytest.mark.parametrize("status", ["TR", "ts", "SUCCESS", 7])
def test_a_status_that_nobody_knows_is_open_with_an_alarm(airtel: Airtel, status: object) -> None:
    before = alarms()
    found = polled(airtel, 200, polled_body(status, "DP00800001001"))
    assert isinstance(found, ProviderResult)
    assert found.status is PENDING
    assert alarms() == before + 1


@pytest.mark.parametrize(
    ("status", "code", "message", "failure"),
    [
        ("TF", "DP00800001005", "FAILED", FailureCode.APPROVAL_TIMEOUT),
        ("TF", "DP00800001005", "Msisdn Not Found", FailureCode.PAYER_NOT_FOUND),
        ("TF", "DP00800001007", "", FailureCode.INSUFFICIENT_FUNDS),
        ("TF", "DP00800001024", "", FailureCode.APPROVAL_TIMEOUT),
        ("TF", "DP00900001013", "", FailureCode.PROVIDER_REJECTED),
        ("TF", "DP00800009999", "", FailureCode.UNSPECIFIED),
        ("TF", None, "", FailureCode.UNSPECIFIED),
        ("TE", None, "", FailureCode.APPROVAL_TIMEOUT),
        ("TE", "DP00800001001", "", FailureCode.APPROVAL_TIMEOUT),
    ],
)
def test_tf_and_te_are_final_and_the_code_gives_the_reason(
    airtel: Airtel, status: str, code: str | None, message: str, failure: FailureCode
) -> None:
    body = polled_body(status, code)
    body["status"]["message"] = message
    found = polled(airtel, 200, body)
    assert isinstance(found, ProviderResult)
    assert found.status is FAILED
    assert found.failure is not None
    assert found.failure.code is failure


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, refusal("DP00800001025", "Transaction not found")),
        (200, refusal("DP00800001025")),
        (200, refusal(None, "", "ESB000045")),
        (400, refusal("DP00800001025", "", "ESB000045")),
    ],
)
def test_only_airtels_own_word_says_that_an_id_is_unknown(
    airtel: Airtel, status: int, body: object
) -> None:
    assert isinstance(polled(airtel, status, body), NotFound)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, {"message": "no Route matched with those values"}),
        (404, "<html>"),
        (404, ""),
        (200, {}),
        (200, refusal("DP00800001005")),
        (200, {"data": {"transaction": {"id": OURS}}, "status": {"success": True}}),
        (200, {"data": {"transaction": {"id": "another", "status": "TS"}}}),
        (403, {"message": "IP address not allowed"}),
        (401, {}),
    ],
)
def test_no_other_answer_says_anything_of_the_payment(
    airtel: Airtel, status: int, body: object
) -> None:
    assert isinstance(polled(airtel, status, body), NoAnswer)


def test_an_echo_that_is_cut_off_is_about_our_id(airtel: Airtel) -> None:
    body = polled_body("TS")
    body["data"]["transaction"]["id"] = OURS[:20]
    assert isinstance(polled(airtel, 200, body), ProviderResult)
