"""The v2 payment of bills and airtime."""

from collections.abc import Callable
from typing import Any

import pytest

PATH = "/collection/v2_0/payment"


def pay(network: Any, reference_id: str, amount: str = "12.50", **changes: Any) -> Any:
    body = {
        "externalTransactionId": "order-1",
        "money": {"amount": amount, "currency": network.settings.currency},
        "customerReference": "meter-1",
        "serviceProviderUserName": "power",
        "receiverMessage": "Order 1",
        "senderNote": "Order 1",
        "maxNumberOfRetries": 1,
        "includeSenderCharges": False,
        **changes,
    }
    headers = network.headers({"X-Reference-Id": reference_id})
    return network.call("POST", PATH, headers=headers, json=body)


@pytest.mark.parametrize(
    ("amount", "status", "reason"),
    [
        ("1000", "SUCCESSFUL", None),
        ("2000", "FAILED", "INTERNAL_PROCESSING_ERROR"),
        ("3000", "SUCCESSFUL", None),
        ("7000", "FAILED", "TRANSFER_TYPE_UNKNOWN"),
    ],
)
def test_the_amount_decides_in_the_sandbox(
    sandbox: Any,
    reference_id: str,
    until: Callable[..., None],
    amount: str,
    status: str,
    reason: str | None,
) -> None:
    answer = pay(sandbox, reference_id, amount)
    assert (answer.status_code, answer.text) == (202, "")
    until(lambda: sandbox.get(f"{PATH}/{reference_id}").json()["status"] == status)
    shown = sandbox.get(f"{PATH}/{reference_id}").json()
    assert shown["referenceId"] == reference_id
    assert shown.get("reason", {}).get("code") == reason
    assert ("financialTransactionId" in shown) is (status == "SUCCESSFUL")
    assert sandbox.journal()["byReference"] == ({} if reason else {reference_id: 1})


def test_no_amount_is_special_outside_the_sandbox(
    mtn: Any, reference_id: str, until: Callable[..., None]
) -> None:
    pay(mtn, reference_id, "2000")
    until(lambda: mtn.get(f"{PATH}/{reference_id}").json()["status"] == "SUCCESSFUL")
    assert mtn.get("/collection/v1_0/account/balance").json()["availableBalance"] == "3000"


@pytest.mark.parametrize(
    "change",
    [
        {"money": None},
        {"money": {"amount": 1, "currency": "ZMW"}},
        {"externalTransactionId": None},
        {"customerReference": ""},
        {"serviceProviderUserName": None},
    ],
)
def test_a_malformed_payment_is_an_empty_400(
    mtn: Any, reference_id: str, change: dict[str, Any]
) -> None:
    answer = pay(mtn, reference_id, **change)
    assert (answer.status_code, answer.text) == (400, "")
    assert mtn.get(f"{PATH}/{reference_id}").status_code == 404


def test_a_payment_is_refused_in_another_currency_and_for_a_taken_reference(
    mtn: Any, reference_id: str
) -> None:
    foreign = pay(mtn, reference_id, money={"amount": "1", "currency": "EUR"})
    assert (foreign.status_code, foreign.json()["code"]) == (500, "INVALID_CURRENCY")
    assert pay(mtn, reference_id).status_code == 202
    assert pay(mtn, reference_id).status_code == 409
    assert mtn.pay(reference_id=reference_id).status_code == 409
    assert mtn.poll(reference_id).status_code == 404


def test_a_payment_can_get_a_fault(mtn: Any, reference_id: str) -> None:
    mtn.faults({"operation": "payment", "kind": "error_after", "externalId": "order-1"})
    assert pay(mtn, reference_id).status_code == 500
    assert mtn.journal()["byReference"] == {reference_id: 1}
