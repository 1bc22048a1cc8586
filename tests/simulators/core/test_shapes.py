"""Networks that MTN does not resemble: refusals are HTTP 200, or the answer is the ending."""

import json
import threading
from collections.abc import Callable

import pytest
import requests

from tests.simulators.core.networks import OPEN_NUMBER, PAYER, REJECTED, SmallClient
from tests.support.receiver import Receiver

TWIN = "2609631234"


@pytest.mark.parametrize("field", ["id", "msisdn", "order", "amount"])
def test_a_network_refuses_a_wrong_field_in_its_own_words(
    network: SmallClient, reference_id: str, field: str
) -> None:
    body = {"id": reference_id, "msisdn": PAYER, "order": "order-1", "amount": "1"}
    answer = network.call("POST", "/payments", json={**body, field: 0})
    assert (answer.status_code, answer.json()["code"]) == (200, f"wrong {field}")
    assert network.poll(reference_id)["code"] == "not found"


def test_a_network_names_its_own_open_states(network: SmallClient, reference_id: str) -> None:
    network.pay(reference_id, OPEN_NUMBER)
    assert network.status(reference_id) == "TIP"


def test_a_payment_is_settled_by_its_exact_reference(
    network: SmallClient, gateway: Receiver
) -> None:
    network.pay("PGW0001", OPEN_NUMBER)
    for reference_id, answer in (("pgw0001", 404), ("PGW0001", 204)):
        ending = {"referenceId": reference_id, "status": "FAILED"}
        assert network.admin("POST", "settle", ending).status_code == answer
    assert network.status("PGW0001") == "FAILED"
    network.admin("POST", "callbacks", {"referenceId": "PGW0001"})
    assert json.loads(gateway.received[-1].body)["transaction"]["reason"] == "2006"


def test_number_72_is_charged_and_its_answer_is_lost(
    network: SmallClient, reference_id: str
) -> None:
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        network.pay(reference_id, TWIN + "72")
    assert network.pay(reference_id, TWIN + "72")["code"] == "duplicate"
    assert network.journal()["byReference"] == {reference_id: 1}


def test_number_73_is_stored_at_the_second_try_only(
    network: SmallClient, reference_id: str
) -> None:
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        network.pay(reference_id, TWIN + "73")
    assert network.poll(reference_id)["code"] == "not found"
    assert network.pay(reference_id, TWIN + "73")["success"]


def test_number_74_is_charged_and_answered_with_a_page(
    network: SmallClient, reference_id: str
) -> None:
    assert network.pay(reference_id, TWIN + "74") == 500
    assert network.status(reference_id) == "SUCCESSFUL"


def test_number_75_pays_another_amount(network: SmallClient, reference_id: str) -> None:
    network.pay(reference_id, TWIN + "75", amount="5")
    assert network.poll(reference_id)["amount"] == "6"


def test_a_blocking_network_answers_when_the_payer_has_answered(
    blocking: SmallClient, until: Callable[..., None]
) -> None:
    assert blocking.request_and_wait("first") == "0"
    assert blocking.request_and_wait("second", REJECTED) == "2006"
    answers: list[str] = []
    caller = threading.Thread(
        target=lambda: answers.append(blocking.request_and_wait("third", OPEN_NUMBER))
    )
    caller.start()
    ending = {"referenceId": "third", "status": "FAILED", "reason": "2006"}
    until(lambda: blocking.admin("POST", "settle", ending).status_code == 204)
    caller.join(5)
    assert answers == ["2006"]
    assert blocking.journal()["byReference"] == {"first": 1}


def test_a_reset_ends_a_request_that_blocks(
    blocking: SmallClient, until: Callable[..., None]
) -> None:
    answers: list[str] = []
    caller = threading.Thread(
        target=lambda: answers.append(blocking.request_and_wait("first", OPEN_NUMBER))
    )
    caller.start()
    sent = {"referenceId": "first", "copies": 1}
    until(lambda: blocking.admin("POST", "callbacks", sent).status_code == 409)
    blocking.admin("POST", "reset")
    caller.join(5)
    assert answers == ["-1"]


def test_a_blocking_network_has_charged_when_its_answer_is_lost(blocking: SmallClient) -> None:
    blocking.faults({"operation": "request_and_wait", "kind": "reset_after"})
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        blocking.request_and_wait("first")
    assert blocking.journal()["byReference"] == {"first": 1}


def test_a_network_without_a_poll_has_no_fault_for_one(blocking: SmallClient) -> None:
    for operation in ("poll", "request_and_wait"):
        fault = {"operation": operation, "kind": "not_found"}
        assert blocking.admin("POST", "faults", fault).status_code == 400
    assert blocking.admin("POST", "tokens/expire").json() == {"expired": 0}
