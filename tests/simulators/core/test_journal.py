"""The journal proves who was charged: once per reference, whatever else happens."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.simulators.core.networks import SmallClient

CHARGED_AT_ONCE = "260963123474"


def test_one_reference_sent_20_times_at_once_is_charged_once(
    network: SmallClient, reference_id: str, until: Callable[..., None]
) -> None:
    with ThreadPoolExecutor(20) as callers:
        answers = list(callers.map(lambda _: network.pay(reference_id), range(20)))
    assert sorted(answer["code"] for answer in answers) == ["duplicate"] * 19 + ["in process"]
    until(lambda: network.journal()["charges"])
    assert network.journal()["byReference"] == {reference_id: 1}


def test_a_race_of_charges_by_hand_by_fault_and_by_time_charges_once(
    network: SmallClient, reference_id: str, until: Callable[..., None]
) -> None:
    network.faults({"operation": "pay", "kind": "error_after"})
    ending = {"referenceId": reference_id, "status": "SUCCESSFUL"}
    with ThreadPoolExecutor(10) as callers:
        callers.submit(network.pay, reference_id)
        for _ in range(9):
            callers.submit(network.admin, "POST", "settle", ending)
    network.admin("DELETE", "faults")
    network.pay("later")
    until(lambda: network.journal()["byReference"].get("later") == 1)
    assert network.journal()["byReference"] == {reference_id: 1, "later": 1}


def test_two_references_for_one_order_show_as_two_charges(network: SmallClient) -> None:
    for reference_id in ("first", "second"):
        network.pay(reference_id, CHARGED_AT_ONCE, order="order-5")
    assert network.journal()["byExternalId"] == {"order-5": 2}


def test_a_charge_says_what_moved_and_when(network: SmallClient, reference_id: str) -> None:
    network.pay(reference_id, CHARGED_AT_ONCE, amount="3.10", order="order-6")
    (charge,) = network.journal()["charges"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", charge.pop("chargedAt"))
    assert charge == {
        "referenceId": reference_id,
        "externalId": "order-6",
        "msisdn": CHARGED_AT_ONCE,
        "amount": "3.1",
        "currency": "ZMW",
    }


def test_every_request_is_written_down_with_its_answer(
    network: SmallClient, reference_id: str
) -> None:
    network.pay(reference_id)
    network.faults({"operation": "poll", "kind": "reset_before", "times": 1})
    for _ in range(2):
        try:
            network.poll(reference_id)
        except requests.ConnectionError:
            continue
    requested = network.journal()["requests"]
    assert [(each["operation"], each["status"]) for each in requested] == [
        ("pay", 200),
        ("poll", "reset"),
        ("poll", 200),
    ]
    assert {each["referenceId"] for each in requested} == {reference_id}


def test_a_body_that_is_too_large_is_refused_and_written_down(network: SmallClient) -> None:
    body = b"{" + b" " * 1024 * 1024 + b"}"
    headers = {"Content-Type": "application/json"}
    assert network.call("POST", "/payments", data=body, headers=headers).status_code == 413
    (requested,) = network.journal()["requests"]
    assert (requested["operation"], requested["status"]) == ("pay", 413)


def test_a_reset_forgets_payments_faults_and_journal(
    network: SmallClient, reference_id: str
) -> None:
    network.pay(reference_id, CHARGED_AT_ONCE)
    network.faults({"operation": "poll", "kind": "reset_before"})
    network.admin("POST", "reset")
    assert not any(network.journal().values())
    assert network.poll(reference_id) == {"success": False, "code": "not found"}
