"""The journal proves who was charged: once per reference, whatever happens around it."""

import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests


def test_one_reference_sent_20_times_at_once_is_charged_once(
    mtn: Any, reference_id: str, until: Callable[..., None]
) -> None:
    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(lambda _: mtn.pay(reference_id=reference_id), range(20)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 19
    until(lambda: mtn.journal()["charges"])
    assert mtn.journal()["byReference"] == {reference_id: 1}


def test_a_race_of_charges_by_hand_by_fault_and_by_time_charges_once(
    mtn: Any, reference_id: str, until: Callable[..., None]
) -> None:
    mtn.faults({"operation": "requesttopay", "kind": "error_after"})
    ending = {"referenceId": reference_id, "status": "SUCCESSFUL"}
    with ThreadPoolExecutor(10) as callers:
        callers.submit(mtn.pay, reference_id=reference_id)
        for _ in range(9):
            callers.submit(mtn.admin, "POST", "settle", ending)
    later = str(uuid.uuid4())
    mtn.admin("DELETE", "faults")
    mtn.pay(reference_id=later)
    until(lambda: mtn.journal()["byReference"].get(later) == 1)
    assert mtn.journal()["byReference"] == {reference_id: 1, later: 1}


def test_two_references_for_one_order_show_as_two_charges(
    mtn: Any, until: Callable[..., None]
) -> None:
    for _ in range(2):
        mtn.pay("260963123474", externalId="order-5")
    assert mtn.journal()["byExternalId"] == {"order-5": 2}


def test_a_charge_says_what_moved_and_when(mtn: Any, reference_id: str) -> None:
    mtn.pay("260963123474", reference_id, amount="3.10", externalId="order-6")
    (charge,) = mtn.journal()["charges"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", charge.pop("chargedAt"))
    assert charge == {
        "referenceId": reference_id,
        "externalId": "order-6",
        "msisdn": "260963123474",
        "amount": "3.1",
        "currency": "ZMW",
    }


def test_every_request_is_written_down_with_what_was_answered(mtn: Any, reference_id: str) -> None:
    before = len(mtn.journal()["requests"])
    mtn.pay(reference_id=reference_id)
    mtn.faults({"operation": "enquiry", "kind": "reset_before", "times": 1})
    for _ in range(2):
        try:
            mtn.enquiry(reference_id)
        except requests.ConnectionError:
            continue
    requested = mtn.journal()["requests"][before:]
    assert [(each["operation"], each["status"]) for each in requested] == [
        ("requesttopay", 202),
        ("enquiry", "reset"),
        ("enquiry", 200),
    ]
    assert {each["referenceId"] for each in requested} == {reference_id}


def test_a_reset_forgets_everything_but_the_credentials(mtn: Any, reference_id: str) -> None:
    mtn.pay("260963123474", reference_id)
    mtn.faults({"operation": "token", "kind": "reset_before"})
    mtn.admin("POST", "reset")
    journal = mtn.journal()
    assert not any(journal.values())
    assert mtn.enquiry(reference_id).status_code == 404
    assert mtn.token().status_code == 200
    assert mtn.get("/collection/v1_0/account/balance").json()["availableBalance"] == "1000"
