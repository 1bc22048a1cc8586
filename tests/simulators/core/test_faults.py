"""Faults apply to the requests that they name, as often as they say, repeatably for a seed."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.simulators.core.networks import REJECTED, SLOW, Network, SmallClient
from zampay.simulators.core.faults import Fault, Faults, read

RESET = "Connection reset by peer"


def fault(kind: str, operation: str = "pay", **options: Any) -> dict[str, Any]:
    return {"operation": operation, "kind": kind, **options}


def parsed(kind: str, **options: Any) -> Fault:
    return read(fault(kind, **options), Network.operations)


def test_a_reset_before_stores_nothing_and_the_same_reference_works_later(
    network: SmallClient, reference_id: str
) -> None:
    network.faults(fault("reset_before", times=1))
    with pytest.raises(requests.ConnectionError, match=RESET):
        network.pay(reference_id)
    assert network.status(reference_id) is None
    assert network.pay(reference_id)["success"]


def test_a_reset_after_has_charged(network: SmallClient, reference_id: str) -> None:
    network.faults(fault("reset_after"))
    with pytest.raises(requests.ConnectionError, match=RESET):
        network.pay(reference_id)
    assert network.journal()["byReference"] == {reference_id: 1}


def test_an_error_after_has_charged(network: SmallClient, reference_id: str) -> None:
    network.faults(fault("error_after"))
    assert network.pay(reference_id) == 500
    assert network.status(reference_id) == "SUCCESSFUL"


@pytest.mark.parametrize(("msisdn", "status"), [(REJECTED, "FAILED"), (SLOW, "SUCCESSFUL")])
def test_a_fault_after_the_charge_charges_only_payments_that_succeed(
    network: SmallClient, reference_id: str, msisdn: str, status: str
) -> None:
    network.faults(fault("error_after"))
    assert network.pay(reference_id, msisdn) == 500
    assert network.status(reference_id) == status
    assert len(network.journal()["charges"]) == (status == "SUCCESSFUL")


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        ({"status": 503}, 503, '"503"'),
        ({"status": 500, "body": {"code": "NOT_ALLOWED"}}, 500, '"NOT_ALLOWED"'),
        ({"status": 502, "body": "<h1>Bad gateway</h1>"}, 502, "<h1>"),
        ({"status": 400, "body": ""}, 400, ""),
    ],
)
def test_a_status_is_answered_in_bursts_and_stores_nothing(
    network: SmallClient, reference_id: str, options: dict[str, Any], status: int, says: str
) -> None:
    network.faults(fault("status", "*", times=2, **options))
    answer = network.call("GET", f"/payments/{reference_id}")
    assert (answer.status_code, says in answer.text) == (status, True)
    assert network.pay(reference_id) == status
    assert network.status(reference_id) is None
    assert network.pay(reference_id)["success"]


def test_garbage_is_a_200_that_cannot_be_read_though_the_request_counted(
    network: SmallClient, reference_id: str
) -> None:
    network.faults(fault("garbage", times=1), fault("garbage", "poll", times=1, body="<html>"))
    for call in (network.pay, network.poll):
        with pytest.raises(requests.JSONDecodeError):
            call(reference_id)
    assert [one["status"] for one in network.journal()["requests"]] == [200, 200]
    assert network.poll(reference_id)["amount"] == "12.5"


def test_a_poll_can_deny_what_is_known(network: SmallClient, reference_id: str) -> None:
    network.pay(reference_id)
    network.faults(fault("not_found", "poll", times=1))
    assert network.poll(reference_id)["code"] == "not found"
    assert network.status(reference_id)


def test_latency_delays_an_answer(network: SmallClient, reference_id: str) -> None:
    network.faults(fault("latency", "poll", seconds=0.2))
    began = time.monotonic()
    network.poll(reference_id)
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_hanging_request_continues_when_released(
    network: SmallClient, reference_id: str, until: Callable[..., None], when: str
) -> None:
    network.faults(fault("hang", when=when, times=1))
    answers: list[bool] = []
    caller = threading.Thread(target=lambda: answers.append(network.pay(reference_id)["success"]))
    caller.start()
    until(lambda: network.admin("GET", "faults").json() == [])
    expected = {"before": None, "after": "SUCCESSFUL"}[when]
    until(lambda: network.status(reference_id) == expected)
    assert len(network.journal()["charges"]) == (1 if when == "after" else 0)
    assert answers == []
    assert network.admin("POST", "release").status_code == 204
    caller.join(5)
    assert answers == [True]


def test_a_request_that_hung_during_a_reset_is_forgotten(
    network: SmallClient, reference_id: str, until: Callable[..., None]
) -> None:
    network.faults(fault("hang", times=1))
    errors: list[Exception] = []

    def call() -> None:
        try:
            network.pay(reference_id)
        except requests.ConnectionError as error:
            errors.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    until(lambda: network.admin("GET", "faults").json() == [])
    network.admin("POST", "reset")
    caller.join(5)
    assert len(errors) == 1
    assert network.status(reference_id) is None


@pytest.mark.parametrize(
    ("limit", "limited", "spared"),
    [
        ({"externalId": "order-9"}, {"order": "order-9"}, {"order": "order-8"}),
        ({"msisdn": "260963123401"}, {"msisdn": "260963123401"}, {"msisdn": "260963123402"}),
    ],
)
def test_a_fault_can_be_limited_to_one_payment(
    network: SmallClient, limit: dict[str, str], limited: dict[str, str], spared: dict[str, str]
) -> None:
    network.faults(fault("status", status=503, **limit), fault("not_found", "poll", **limit))
    assert network.pay("first", **limited) == 503
    assert network.pay("second", **spared)["success"]
    assert network.status("second")
    network.faults(fault("status", "*", referenceId="second"))
    assert network.call("GET", "/payments/second").status_code == 503
    assert network.pay("third")["success"]


def test_faults_are_appended_shown_as_left_and_cleared(network: SmallClient) -> None:
    network.faults(fault("status", status=429, times=2))
    network.admin("POST", "faults", fault("latency", "poll", seconds=0, msisdn="260963123401"))
    network.pay("first")
    first, second = network.admin("GET", "faults").json()
    assert (first["kind"], first["status"], first["times"]) == ("status", 429, 1)
    assert (second["msisdn"], second["times"]) == ("260963123401", None)
    assert network.admin("DELETE", "faults").json() == []
    assert network.pay("second")["success"]


@pytest.mark.parametrize(
    "wrong",
    [
        "hang",
        {"operation": "pay"},
        {"operation": "nothing", "kind": "hang"},
        {"operation": "pay", "kind": "nothing"},
        {"operation": "pay", "kind": ["hang"]},
        {"operation": "pay", "kind": "hang", "colour": "red"},
        {"operation": "pay", "kind": "hang", "when": "never"},
        {"operation": "pay", "kind": "hang", "generator": 1},
        {"operation": "pay", "kind": "latency"},
        {"operation": "pay", "kind": "latency", "seconds": "long"},
        {"operation": "pay", "kind": "status", "status": 42},
        {"operation": "pay", "kind": "status", "times": -1},
        {"operation": "pay", "kind": "status", "times": 1.5},
        {"operation": "pay", "kind": "status", "probability": 2},
        {"operation": "pay", "kind": "not_found"},
        {"operation": "pay", "kind": "lost"},
        {"operation": "poll", "kind": "error_after"},
        {"operation": "callback", "kind": "garbage"},
    ],
)
def test_a_fault_that_no_request_can_get_is_refused_with_a_reason(
    network: SmallClient, wrong: Any
) -> None:
    answer = network.admin("POST", "faults", wrong)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert network.admin("GET", "faults").json() == []


def test_two_faults_in_one_list_are_drawn_independently() -> None:
    faults = Faults(seed=0)
    faults.replace([parsed("garbage", probability=0.5), parsed("hang", when="after")])
    faults.add(parsed("reset_after", probability=0.5))
    drawn = [{each.kind for each in faults.draw("pay", "after", {})} for _ in range(40)]
    assert any(("garbage" in kinds) != ("reset_after" in kinds) for kinds in drawn)
    assert all("hang" in kinds for kinds in drawn)


def faulty(client: SmallClient, attempt: str) -> list[bool]:
    """Which of 20 requests get a fault of probability 0.5; another fault matches in between."""
    client.faults(
        fault("latency", "poll", seconds=0, probability=0.5),
        fault("status", status=503, probability=0.5),
    )
    return [client.pay(f"{attempt}-{number}") == 503 for number in range(20)]


def test_a_seed_repeats_its_faults_and_another_seed_does_not(
    network: SmallClient, start: Callable[..., Any]
) -> None:
    first = faulty(network, "first")
    assert set(first) == {True, False}
    assert faulty(network, "second") == first
    with start() as same_seed, start(seed=1) as other_seed:
        assert faulty(same_seed, "first") == first
        assert faulty(other_seed, "first") != first
