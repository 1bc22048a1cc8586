"""A request to pay is answered when the payer has answered, with the code in HTTP 200."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests


def test_an_answer_comes_when_the_payer_has_answered_and_names_the_payment(zamtel: Any) -> None:
    began_s = time.monotonic()
    answer = zamtel.pay(ConversationId="00001")
    assert time.monotonic() - began_s >= zamtel.settings.approval_s
    assert answer.status_code == 200
    body = answer.json()
    assert len(body["TransactionId"]) == 12
    assert body == {
        "Conversation id": "00001",
        "message": "Success",
        "status": "0",
        "TransactionId": body["TransactionId"],
        "Transaction id": body["TransactionId"],
    }
    assert zamtel.journal()["charges"][0]["amount"] == "12.5"
    assert zamtel.charges("00001") == 1


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        ("51", "E8003"),
        ("55", "E8036"),
        ("58", "2001"),
        ("62", "E8027"),
        ("70", "2006"),
        ("71", "2005"),
    ],
)
def test_a_number_that_does_not_pay_gets_its_code_and_nobody_is_charged(
    zamtel: Any, suffix: str, code: str
) -> None:
    answer = zamtel.pay(f"2609531234{suffix}")
    assert answer.status_code == 200
    assert answer.json()["status"] == code
    assert "TransactionId" not in answer.json()
    assert zamtel.journal()["charges"] == []


@pytest.mark.parametrize("suffix", ["50", "52", "54", "56", "64", "00"])
def test_any_other_number_pays(zamtel: Any, suffix: str) -> None:
    assert zamtel.pay(f"2609531234{suffix}").json()["status"] == "0"


def test_a_payer_who_never_answers_blocks_the_call_until_somebody_ends_it(
    zamtel: Any, until: Callable[[Callable[[], object]], None]
) -> None:
    begun = zamtel.begin("260953123453", ConversationId="open")
    ended = {"referenceId": "open", "status": "FAILED"}
    until(lambda: zamtel.admin("POST", "settle", ended).status_code == 204)
    assert begun.result(5).json()["status"] == "E8003"


def test_a_reset_ends_the_calls_that_wait(
    zamtel: Any, until: Callable[[Callable[[], object]], None]
) -> None:
    begun = zamtel.begin("260953123453", ConversationId="open")
    until(lambda: zamtel.poll("open").json()["ORDERSTATE"] == "Pending")
    zamtel.admin("POST", "reset")
    assert isinstance(begun.exception(5), requests.ConnectionError)


def test_the_same_id_again_is_another_charge(zamtel: Any) -> None:
    assert [zamtel.pay(ConversationId="twice").json()["status"] for _ in range(3)] == ["0"] * 3
    assert zamtel.charges("twice") == 3


def test_the_code_may_come_as_a_number(start: Callable[..., Any]) -> None:
    with start(success_as="StatusCode") as zamtel:
        assert zamtel.pay().json()["StatusCode"] == 0
        assert zamtel.pay("260953123470").json()["StatusCode"] == 2006
        assert zamtel.pay("260953123451").json()["StatusCode"] == "E8003"


def test_the_enquiry_says_what_was_paid(zamtel: Any) -> None:
    paid = zamtel.pay(ConversationId="paid").json()
    zamtel.pay("260953123451", ConversationId="declined")
    expected = {"code": "200", "ORDERID": paid["TransactionId"], "ORDERSTATE": "Completed"}
    assert zamtel.poll("paid").json() == expected
    assert zamtel.poll("declined").json() == {"code": "201", "ORDERSTATE": "Failed"}
    assert zamtel.poll("nobody's").json() == {"code": "404", "ORDERSTATE": "Not found"}
    assert zamtel.poll("paid", password="wrong").status_code == 401


def test_without_the_option_there_is_no_enquiry(start: Callable[..., Any]) -> None:
    with start(enquiry="off") as zamtel:
        zamtel.pay(ConversationId="paid")
        assert zamtel.poll("paid").status_code == 404


@pytest.mark.parametrize(
    ("suffix", "charges"), [("72", 1), ("73", 0), ("74", 1)], ids=["lost", "reset", "error"]
)
def test_a_number_may_lose_the_answer(zamtel: Any, suffix: str, charges: int) -> None:
    begun = zamtel.begin(f"2609531234{suffix}", ConversationId="lost")
    if suffix == "74":
        assert begun.result(5).status_code == 500
    else:
        assert isinstance(begun.exception(5), requests.ConnectionError)
    assert zamtel.charges("lost") == charges


def test_an_answer_may_hang_after_the_charge(
    zamtel: Any, until: Callable[[Callable[[], object]], None]
) -> None:
    zamtel.faults({"operation": "payment", "kind": "hang", "when": "after"})
    begun = zamtel.begin(ConversationId="hangs")
    until(lambda: zamtel.charges("hangs") == 1)
    assert not begun.done()
    zamtel.admin("POST", "release")
    assert begun.result(5).json()["status"] == "0"
    assert [one["operation"] for one in zamtel.journal()["requests"]] == ["payment"]


def test_the_same_seed_gives_the_same_requests_a_fault(zamtel: Any) -> None:
    fault = {"operation": "payment", "kind": "status", "status": 502, "probability": 0.5}

    def statuses() -> list[int]:
        zamtel.faults({**fault, "times": None})
        return [zamtel.pay("260953123455").status_code for _ in range(12)]

    first = statuses()
    assert set(first) == {200, 502}
    assert statuses() == first
