"""Airtel's answers to a push, as its portal and its production give them: what each means."""

import pytest

from tests.support.airtel import OURS, Airtel, alarms, polled, refusal, sent
from tests.support.networks import an_order
from zampay.providers.contract import (
    Accepted,
    Declined,
    InDoubt,
    NoAnswer,
    NotSent,
    Throttled,
)
from zampay.providers.failures import FailureCode


@pytest.mark.parametrize("told", ["SUCCESS", "Success.", True])
@pytest.mark.parametrize("code", ["DP00800001006", "DP00800001001"])
@pytest.mark.parametrize("success", [True, "true"])
def test_a_push_that_was_sent_is_accepted_and_not_paid(
    airtel: Airtel, told: object, code: str, success: object
) -> None:
    body = {
        "data": {"transaction": {"id": OURS, "status": told}},
        "status": {
            "code": "200",
            "message": "SUCCESS",
            "result_code": "ESB000010",
            "response_code": code,
            "success": success,
        },
    }
    answer = sent(airtel, 200, body)
    assert isinstance(answer, Accepted)
    assert answer.result is None


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("DP00800001002", FailureCode.PAYER_DECLINED),
        ("DP00800001003", FailureCode.LIMIT_EXCEEDED),
        ("DP00800001004", FailureCode.INVALID_AMOUNT),
        ("DP00800001007", FailureCode.INSUFFICIENT_FUNDS),
        ("DP00800001008", FailureCode.PAYER_DECLINED),
        ("DP00800001009", FailureCode.PAYER_DECLINED),
        ("DP00800001010", FailureCode.PROVIDER_REJECTED),
        ("DP00800001029", FailureCode.APPROVAL_TIMEOUT),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_code_that_means_nothing_else_is_a_refusal(
    airtel: Airtel, status: int, code: str, failure: FailureCode
) -> None:
    answer = sent(airtel, status, refusal(code))
    assert isinstance(answer, Declined)
    assert (answer.failure.code, answer.failure.provider_code) == (failure, code)


@pytest.mark.parametrize(
    "code",
    ["DP00800001000", "DP00800001005", "DP00800001006", "DP00800001024", "ESB000001", "ROUTER117"],
)
def test_what_may_go_on_is_doubt_and_no_alarm(airtel: Airtel, code: str) -> None:
    before = alarms()
    answer = sent(airtel, 200, refusal(code))
    assert isinstance(answer, InDoubt)
    assert answer.presumed is None
    assert alarms() == before


@pytest.mark.parametrize("code", ["DP00800009999", "DP00900001014", "ESB999999", "X", "1005"])
def test_an_unknown_code_is_doubt_and_an_alarm(airtel: Airtel, code: str) -> None:
    before = alarms()
    answer = sent(airtel, 200, refusal(code, result="ESB000033"))
    assert isinstance(answer, InDoubt)
    assert answer.presumed is None
    assert code in answer.detail
    assert alarms() == before + 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, refusal("DP00900001013", "Missing header/body params")),
        (200, refusal("DP00900001013", "Invalid/Missing Currency")),
        (400, refusal("DP00900001013", "Invalid Country Code")),
        (200, refusal("DP00900001013", "Invalid Msisdn Length", "521002")),
        (200, refusal(None, "Missing request header 'x-wallet-id' for method", "ESB000008")),
        (400, {"status_code": "ROUTER110", "status_message": "Partner 42 not found"}),
        (200, refusal("ROUTER001")),
        (200, refusal("DP00800001026", "Forbidden")),
        (200, refusal("DP00900001016", "Forbidden")),
    ],
)
def test_the_catch_all_and_what_speaks_of_our_set_up_is_doubt_with_an_alarm(
    airtel: Airtel, status: int, body: object
) -> None:
    before = alarms()
    answer = sent(airtel, status, body)
    assert isinstance(answer, InDoubt)
    assert answer.presumed is not None
    assert answer.presumed.code is FailureCode.PROVIDER_REJECTED
    assert alarms() == before + 1


def test_an_unknown_number_is_presumed_until_a_poll_finds_nothing(airtel: Airtel) -> None:
    body = {
        "status": {
            "response_code": "DP00800001005",
            "code": "400",
            "success": False,
            "message": "Msisdn Not Found",
        }
    }
    answer = sent(airtel, 400, body)
    assert isinstance(answer, InDoubt)
    assert answer.presumed is not None
    assert answer.presumed.code is FailureCode.PAYER_NOT_FOUND


@pytest.mark.parametrize(
    "body",
    [
        refusal(None, "External Transaction ID already exists", "ESB000041"),
        refusal("DP00800001005", "", "ESB000041"),
        refusal("ESB000041"),
        refusal("DP00900001011", "Duplicate exttRID", "521050"),
        refusal("DP00900001017", "Duplicate transaction Id"),
        refusal("DP00800001005", "External Transaction ID already exists"),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_duplicate_has_landed(airtel: Airtel, status: int, body: object) -> None:
    assert isinstance(sent(airtel, status, body), Accepted)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize(
    "body", [refusal("DP00800001005", "Something Went Wrong"), refusal("DP00800001007"), "<html>"]
)
def test_with_a_server_error_no_code_is_believed(airtel: Airtel, status: int, body: object) -> None:
    answer = sent(airtel, status, body)
    assert isinstance(answer, InDoubt)
    assert answer.presumed is None
    assert isinstance(polled(airtel, status, body), NoAnswer)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"data": {"transaction": {"id": OURS, "status": "SUCCESS"}}}),
        (200, {}),
        (200, "[]"),
        (200, "<html>"),
        (200, ""),
        (200, {"status": "SUCCESS"}),
        (200, {"status": {"success": True}}),
        (200, {"status": {"response_code": "DP00800001007"}}),
        (200, {"status": {"success": "perhaps", "response_code": "DP00800001007"}}),
        (200, {"status": {"success": True, "response_code": "DP00800001000"}}),
        (200, {"status": {"response_code": "DP00800001006"}}),
        (202, {"status": {"success": True, "response_code": "DP00800001006"}}),
        (404, {"message": "no Route matched with those values"}),
        (400, {}),
        (408, ""),
        (418, {}),
    ],
)
def test_anything_else_is_doubt(airtel: Airtel, status: int, body: object) -> None:
    answer = sent(airtel, status, body)
    assert isinstance(answer, InDoubt)
    assert answer.presumed is None


@pytest.mark.parametrize(
    "body",
    [
        {"message": "IP address not allowed: 192.0.2.1"},
        {"status": {"message": "You cannot consume this service"}},
        {"error": "invalid_token", "error_description": "The access token is invalid"},
    ],
)
def test_a_403_waits_whichever_it_is(airtel: Airtel, body: object) -> None:
    answer = sent(airtel, 403, body)
    assert isinstance(answer, NotSent)
    assert answer.refused is not None
    assert answer.refused.code is FailureCode.PROVIDER_REJECTED


@pytest.mark.parametrize("body", ["<html>Request Rejected</html>", {"message": "no"}, ""])
def test_a_403_that_nobody_knows_is_doubt(airtel: Airtel, body: object) -> None:
    assert isinstance(sent(airtel, 403, body), InDoubt)


def test_too_many_calls_are_sent_later(airtel: Airtel) -> None:
    assert sent(airtel, 429, "", retry_after_s=7.0) == Throttled(
        "too many requests (429)", retry_after_s=7.0
    )
    assert isinstance(polled(airtel, 429, ""), Throttled)


def test_an_answer_that_was_lost_is_doubt(airtel: Airtel) -> None:
    airtel.faults({"operation": "push", "kind": "reset_after"})
    order = an_order(airtel.provider)
    assert isinstance(airtel.provider.submit(order), InDoubt)
    assert airtel.charges(order) == 1
