"""MTN's own errors, as faults give them, and its request to pay under faults."""

from typing import Any

import pytest


def fault(kind: str, operation: str = "requesttopay", **options: Any) -> dict[str, Any]:
    return {"operation": operation, "kind": kind, **options}


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (429, "statusCode"),
        (503, "SERVICE_UNAVAILABLE"),
        (500, "INTERNAL_PROCESSING_ERROR"),
        (403, "statusCode"),
    ],
)
def test_a_status_has_the_body_that_mtn_sends_with_it(
    mtn: Any, reference_id: str, status: int, says: str
) -> None:
    mtn.faults(fault("status", status=status, times=1))
    answer = mtn.pay(reference_id=reference_id)
    assert answer.status_code == status
    assert says in answer.text
    assert mtn.poll(reference_id).status_code == 404
    assert mtn.pay(reference_id=reference_id).status_code == 202


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


def test_a_fault_after_the_charge_does_not_charge_a_payment_that_expires(
    slow: Any, reference_id: str
) -> None:
    slow.faults(fault("error_after"))
    assert slow.pay("260963123452", reference_id).status_code == 500
    assert slow.status(reference_id) == "PENDING"
    assert slow.journal()["charges"] == []


def test_a_fault_can_be_limited_to_a_payer_an_order_or_a_reference(
    mtn: Any, reference_id: str
) -> None:
    mtn.faults(fault("status", externalId="order-9"), fault("status", msisdn="260963123401"))
    assert mtn.pay(externalId="order-9").status_code == 503
    assert mtn.pay("260963123401").status_code == 503
    assert mtn.pay(reference_id=reference_id).status_code == 202
    mtn.faults(fault("status", "*", referenceId=reference_id))
    assert mtn.poll(reference_id.upper()).status_code == 503
    assert mtn.pay(reference_id=reference_id).status_code == 503
    assert mtn.pay().status_code == 202


def test_an_account_holder_can_get_a_fault_of_its_number(mtn: Any) -> None:
    path = "/collection/v1_0/accountholder/msisdn/{}/active"
    mtn.faults(fault("status", "active", msisdn="260963123401"))
    assert mtn.get(path.format("260963123401")).status_code == 503
    assert mtn.get(path.format("260963123402")).status_code == 200


def test_every_operation_can_get_a_fault(mtn: Any, sandbox: Any) -> None:
    others = ("poll", "token", "balance", "basicuserinfo", "deliverynotification")
    for operation in others:
        mtn.faults(fault("latency", operation, seconds=0, times=1))
        assert len(mtn.admin("GET", "faults").json()) == 1
    sandbox.faults(fault("status", "provisioning"))
    assert sandbox.call("POST", "/v1_0/apiuser").status_code == 503
