"""A reset of the simulator forgets everything but its credentials."""

from typing import Any


def test_credentials_outlive_a_reset_and_the_balance_does_not(mtn: Any, reference_id: str) -> None:
    mtn.pay("260963123474", reference_id)
    mtn.faults({"operation": "token", "kind": "reset_before"})
    mtn.admin("POST", "reset")
    assert not any(mtn.journal().values())
    assert mtn.poll(reference_id).status_code == 404
    assert mtn.token().status_code == 200
    assert mtn.get("/collection/v1_0/account/balance").json()["availableBalance"] == "1000"
