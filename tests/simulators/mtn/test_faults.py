"""Faults strike the requests that they name, as often as they say, and alike for a seed."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from zampay.simulators.core.faults import Fault, Faults, read
from zampay.simulators.mtn.network import Network

RESET = "Connection reset by peer"


def fault(kind: str, operation: str = "requesttopay", **options: Any) -> dict[str, Any]:
    return {"operation": operation, "kind": kind, **options}


def test_a_reset_before_stores_nothing_and_the_same_reference_works_later(
    mtn: Any, reference_id: str
) -> None:
    mtn.faults(fault("reset_before", times=1))
    with pytest.raises(requests.ConnectionError, match=RESET):
        mtn.pay(reference_id=reference_id)
    assert mtn.enquiry(reference_id).status_code == 404
    assert mtn.pay(reference_id=reference_id).status_code == 202


def test_a_reset_after_has_charged(mtn: Any, reference_id: str) -> None:
    mtn.faults(fault("reset_after"))
    with pytest.raises(requests.ConnectionError, match=RESET):
        mtn.pay(reference_id=reference_id)
    assert mtn.journal()["byReference"] == {reference_id: 1}


@pytest.mark.parametrize(
    ("body", "says"), [(None, "INTERNAL_PROCESSING_ERROR"), ("<p>no</p>", "<p>no</p>")]
)
def test_an_error_after_has_charged(
    mtn: Any, reference_id: str, body: str | None, says: str
) -> None:
    mtn.faults(fault("error_after", body=body))
    answer = mtn.pay(reference_id=reference_id)
    assert answer.status_code == 500
    assert says in answer.text
    assert mtn.status(reference_id) == "SUCCESSFUL"


def test_a_fault_after_the_charge_does_not_charge_who_would_not_pay(
    slow: Any, reference_id: str
) -> None:
    slow.faults(fault("error_after"))
    assert slow.pay("260963123452", reference_id).status_code == 500
    assert slow.status(reference_id) == "PENDING"
    assert slow.journal()["charges"] == []


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        ({"status": 429}, 429, "statusCode"),
        ({"status": 503}, 503, "SERVICE_UNAVAILABLE"),
        ({"status": 500}, 500, "INTERNAL_PROCESSING_ERROR"),
        ({"status": 403}, 403, "statusCode"),
        ({"status": 500, "body": {"code": "NOT_ALLOWED"}}, 500, '"NOT_ALLOWED"'),
        ({"status": 502, "body": "<h1>Bad gateway</h1>"}, 502, "<h1>"),
        ({"status": 400, "body": ""}, 400, ""),
    ],
)
def test_a_status_is_answered_in_bursts_and_stores_nothing(
    mtn: Any, reference_id: str, options: dict[str, Any], status: int, says: str
) -> None:
    mtn.faults(fault("status", times=2, **options))
    for _ in range(2):
        answer = mtn.pay(reference_id=reference_id)
        assert answer.status_code == status
        assert says in answer.text
    assert mtn.enquiry(reference_id).status_code == 404
    assert mtn.pay(reference_id=reference_id).status_code == 202


def test_garbage_is_a_200_that_cannot_be_read_though_the_request_counted(
    mtn: Any, reference_id: str
) -> None:
    mtn.faults(fault("garbage", times=1), fault("garbage", "enquiry", times=1, body="<html>"))
    for answer in (mtn.pay(reference_id=reference_id), mtn.enquiry(reference_id)):
        assert answer.status_code == 200
        with pytest.raises(requests.JSONDecodeError):
            answer.json()
    assert mtn.enquiry(reference_id).json()["amount"] == "12.5"


def test_an_enquiry_can_deny_what_is_known(mtn: Any, reference_id: str) -> None:
    mtn.pay(reference_id=reference_id)
    mtn.faults(fault("not_found", "enquiry", times=1))
    assert mtn.enquiry(reference_id).status_code == 404
    assert mtn.enquiry(reference_id).status_code == 200


def test_latency_delays_an_answer(mtn: Any) -> None:
    mtn.faults(fault("latency", "token", seconds=0.2))
    began = time.monotonic()
    assert mtn.token().status_code == 200
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_hanging_request_goes_on_when_released(
    mtn: Any, reference_id: str, until: Callable[..., None], when: str
) -> None:
    mtn.faults(fault("hang", when=when, times=1))
    answers: list[int] = []
    caller = threading.Thread(
        target=lambda: answers.append(mtn.pay(reference_id=reference_id).status_code)
    )
    caller.start()
    until(lambda: mtn.admin("GET", "faults").json() == [])
    expected = {"before": 404, "after": 200}[when]
    until(lambda: mtn.enquiry(reference_id).status_code == expected)
    assert len(mtn.journal()["charges"]) == (1 if when == "after" else 0)
    assert answers == []
    assert mtn.admin("POST", "release").status_code == 204
    caller.join(5)
    assert answers == [202]


def test_a_request_that_hung_through_a_reset_is_forgotten(
    mtn: Any, reference_id: str, until: Callable[..., None]
) -> None:
    mtn.faults(fault("hang", times=1))
    errors: list[Exception] = []

    def call() -> None:
        try:
            mtn.pay(reference_id=reference_id)
        except requests.ConnectionError as error:
            errors.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    until(lambda: mtn.admin("GET", "faults").json() == [])
    mtn.admin("POST", "reset")
    caller.join(5)
    assert len(errors) == 1
    assert mtn.enquiry(reference_id).status_code == 404


@pytest.mark.parametrize(
    ("narrow", "spared"),
    [
        ({"externalId": "order-9"}, {"externalId": "order-8"}),
        ({"msisdn": "260963123401"}, {"msisdn": "260963123402"}),
    ],
)
def test_a_filter_spares_the_others(
    mtn: Any, reference_id: str, narrow: dict[str, str], spared: dict[str, str]
) -> None:
    mtn.faults(fault("status", status=503, **narrow), fault("not_found", "enquiry", **narrow))
    assert mtn.pay(**narrow).status_code == 503
    assert mtn.pay(reference_id=reference_id, **spared).status_code == 202
    assert mtn.enquiry(reference_id).status_code == 200
    mtn.faults(fault("status", "*", referenceId=reference_id))
    assert mtn.enquiry(reference_id).status_code == 503
    assert mtn.pay().status_code == 202


def test_faults_are_appended_shown_as_left_and_cleared(mtn: Any) -> None:
    mtn.faults(fault("status", status=429, times=2))
    mtn.admin("POST", "faults", fault("latency", "active", seconds=0, msisdn="260963123401"))
    mtn.pay()
    first, second = mtn.admin("GET", "faults").json()
    assert (first["kind"], first["status"], first["times"]) == ("status", 429, 1)
    assert (second["msisdn"], second["times"]) == ("260963123401", None)
    assert mtn.admin("DELETE", "faults").json() == []
    assert mtn.pay().status_code == 202


@pytest.mark.parametrize(
    "wrong",
    [
        "hang",
        {"operation": "requesttopay"},
        {"operation": "nothing", "kind": "hang"},
        {"operation": "requesttopay", "kind": "nothing"},
        {"operation": "requesttopay", "kind": ["hang"]},
        {"operation": "requesttopay", "kind": "hang", "colour": "red"},
        {"operation": "requesttopay", "kind": "hang", "when": "never"},
        {"operation": "requesttopay", "kind": "hang", "generator": 1},
        {"operation": "requesttopay", "kind": "latency"},
        {"operation": "requesttopay", "kind": "latency", "seconds": "long"},
        {"operation": "requesttopay", "kind": "status", "status": 42},
        {"operation": "requesttopay", "kind": "status", "times": -1},
        {"operation": "requesttopay", "kind": "status", "times": 1.5},
        {"operation": "requesttopay", "kind": "status", "probability": 2},
        {"operation": "requesttopay", "kind": "not_found"},
        {"operation": "requesttopay", "kind": "lost"},
        {"operation": "enquiry", "kind": "error_after"},
        {"operation": "callback", "kind": "garbage"},
    ],
)
def test_a_fault_that_nobody_could_meet_is_refused_with_a_reason(mtn: Any, wrong: Any) -> None:
    answer = mtn.admin("POST", "faults", wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert mtn.admin("GET", "faults").json() == []


def test_two_faults_in_one_list_draw_apart() -> None:
    book = Faults(seed=0)
    book.replace([parsed(fault("garbage", probability=0.5)), parsed(fault("hang", when="after"))])
    book.add(parsed(fault("reset_after", probability=0.5)))
    drawn = [{each.kind for each in book.draw("requesttopay", "after", {})} for _ in range(40)]
    assert any(("garbage" in kinds) != ("reset_after" in kinds) for kinds in drawn)
    assert all("hang" in kinds for kinds in drawn)


def parsed(given: dict[str, Any]) -> Fault:
    return read(given, Network.operations)


def struck(client: Any) -> list[int]:
    """Which of 20 requests meet a fault of one half; another fault looks on."""
    client.faults(
        fault("latency", "active", seconds=0, probability=0.5),
        fault("status", status=503, probability=0.5),
    )
    return [client.pay().status_code for _ in range(20)]


def test_a_seed_repeats_its_faults_and_another_seed_does_not(
    mtn: Any, start: Callable[..., Any]
) -> None:
    first = struck(mtn)
    assert set(first) == {202, 503}
    assert struck(mtn) == first
    with start() as same_seed, start(seed=1) as other_seed:
        assert struck(same_seed) == first
        assert struck(other_seed) != first
