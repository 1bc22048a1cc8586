"""The number decides how a request to pay ends, and what an account holder is."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests

TWIN = "2609631234"


@pytest.mark.parametrize(
    ("suffix", "reason"),
    [
        ("50", "INTERNAL_PROCESSING_ERROR"),
        ("51", "APPROVAL_REJECTED"),
        ("55", "PAYER_NOT_FOUND"),
        ("56", "PAYEE_NOT_ALLOWED_TO_RECEIVE"),
        ("57", "NOT_ALLOWED"),
        ("61", "INTERNAL_PROCESSING_ERROR"),
        ("63", "COULD_NOT_PERFORM_TRANSACTION"),
        ("64", "TRANSFER_TYPE_UNKNOWN"),
        ("70", "NOT_ENOUGH_FUNDS"),
        ("71", "PAYER_LIMIT_REACHED"),
    ],
)
def test_a_failing_number_is_accepted_and_fails_at_once_with_a_reason(
    mtn: Any, reference_id: str, suffix: str, reason: str
) -> None:
    assert mtn.pay(TWIN + suffix, reference_id).status_code == 202
    result = mtn.poll(reference_id).json()
    assert (result["status"], result["reason"]["code"]) == ("FAILED", reason)
    assert "financialTransactionId" not in result
    assert mtn.journal()["charges"] == []


@pytest.mark.parametrize(
    ("suffix", "status", "code"),
    [
        ("58", 500, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        ("59", 500, "INVALID_CALLBACK_URL_HOST"),
        ("60", 500, "INVALID_CURRENCY"),
        ("62", 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_a_refused_number_creates_nothing(
    mtn: Any, reference_id: str, suffix: str, status: int, code: str
) -> None:
    answer = mtn.pay(TWIN + suffix, reference_id)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert mtn.poll(reference_id).status_code == 404


@pytest.mark.parametrize(
    "case",
    [
        (TWIN + "52", "PENDING", "FAILED"),
        (TWIN + "54", "CREATED", "SUCCESSFUL"),
        ("260963123400", "PENDING", "SUCCESSFUL"),
    ],
)
def test_what_takes_time_is_open_before_and_final_after_it(
    mtn: Any,
    slow: Any,
    reference_id: str,
    until: Callable[..., None],
    case: tuple[str, str, str],
) -> None:
    number, before, after = case
    for network in (slow, mtn):
        assert network.pay(number, reference_id).status_code == 202
    assert slow.status(reference_id) == before
    assert "financialTransactionId" not in slow.poll(reference_id).json()
    until(lambda: mtn.status(reference_id) == after)
    assert slow.status(reference_id) == before


def test_an_expiry_says_so(mtn: Any, reference_id: str, until: Callable[..., None]) -> None:
    mtn.pay(TWIN + "52", reference_id)
    until(lambda: mtn.status(reference_id) == "FAILED")
    assert mtn.poll(reference_id).json()["reason"]["code"] == "EXPIRED"


def test_an_unknown_number_pays_after_approval_and_is_charged_without_a_poll(
    mtn: Any, reference_id: str, until: Callable[..., None]
) -> None:
    mtn.pay(reference_id=reference_id, externalId="order-7")
    until(lambda: mtn.journal()["byReference"] == {reference_id: 1})
    result = mtn.poll(reference_id).json()
    assert result.pop("financialTransactionId")
    assert "reason" not in result
    assert result == mtn.body(externalId="order-7", amount="12.5", status="SUCCESSFUL")


def test_an_ongoing_payment_stays_open_until_it_is_settled_by_hand(
    mtn: Any, reference_id: str
) -> None:
    mtn.pay(TWIN + "53", reference_id)
    assert mtn.status(reference_id) == "PENDING"
    ending = {"referenceId": reference_id, "status": "SUCCESSFUL"}
    assert mtn.admin("POST", "settle", ending).status_code == 204
    assert mtn.status(reference_id) == "SUCCESSFUL"
    assert mtn.admin("POST", "settle", {**ending, "status": "FAILED"}).status_code == 409
    assert mtn.journal()["byReference"] == {reference_id: 1}


def test_a_payment_can_be_failed_by_hand_for_a_reason(mtn: Any, reference_id: str) -> None:
    mtn.pay(TWIN + "53", reference_id)
    ending = {"referenceId": reference_id, "status": "FAILED", "reason": "TRANSACTION_CANCELED"}
    mtn.admin("POST", "settle", ending)
    assert mtn.poll(reference_id).json()["reason"]["code"] == "TRANSACTION_CANCELED"
    unknown = {**ending, "referenceId": str(uuid.uuid4())}
    assert mtn.admin("POST", "settle", unknown).status_code == 404
    assert mtn.admin("POST", "settle", {**ending, "status": "MAYBE"}).status_code == 400


def test_number_72_is_charged_and_its_answer_is_lost(mtn: Any, reference_id: str) -> None:
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        mtn.pay(TWIN + "72", reference_id)
    assert mtn.status(reference_id) == "SUCCESSFUL"
    assert mtn.pay(TWIN + "72", reference_id).status_code == 409
    assert mtn.journal()["byReference"] == {reference_id: 1}


def test_number_73_is_stored_at_the_second_try_only(
    mtn: Any, reference_id: str, until: Callable[..., None]
) -> None:
    with pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        mtn.pay(TWIN + "73", reference_id)
    assert mtn.poll(reference_id).status_code == 404
    assert mtn.pay(TWIN + "73", reference_id).status_code == 202
    until(lambda: mtn.journal()["byReference"] == {reference_id: 1})


def test_number_74_is_charged_and_answered_with_a_page(mtn: Any, reference_id: str) -> None:
    answer = mtn.pay(TWIN + "74", reference_id)
    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith("text/html")
    assert mtn.status(reference_id) == "SUCCESSFUL"


def test_mtns_own_numbers_count_in_its_sandbox_only(
    mtn: Any, sandbox: Any, reference_id: str
) -> None:
    for network, declined in ((mtn, False), (sandbox, True)):
        network.pay("46733123451", reference_id)
        assert (network.status(reference_id) == "FAILED") is declined
    assert sandbox.pay(TWIN + "58").status_code == 500


@pytest.mark.parametrize(
    ("number", "status", "says"),
    [
        (TWIN + "50", 404, "RESOURCE_NOT_FOUND"),
        (TWIN + "51", 200, '"result":false'),
        (TWIN + "52", 500, "NOT_ALLOWED"),
        (TWIN + "53", 500, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        (TWIN + "54", 500, "INTERNAL_PROCESSING_ERROR"),
        (TWIN + "55", 503, "SERVICE_UNAVAILABLE"),
        (TWIN + "56", 200, '"result":true'),
        ("260963123400", 200, '"result":true'),
    ],
)
def test_an_account_holder_has_its_own_endings(
    mtn: Any, number: str, status: int, says: str
) -> None:
    answer = mtn.get(f"/collection/v1_0/accountholder/msisdn/{number}/active")
    assert answer.status_code == status
    assert says in answer.text


def test_the_kind_of_an_account_holder_is_in_either_case(mtn: Any) -> None:
    path = "/collection/v1_0/accountholder/{}/260963123400/active"
    for kind in ("msisdn", "MSISDN"):
        assert mtn.get(path.format(kind)).json() == {"result": True}
    assert mtn.get(path.format("alias")).status_code == 400


def test_basic_user_information_names_an_invented_person(mtn: Any) -> None:
    path = "/collection/v1_0/accountholder/msisdn/{}/basicuserinfo"
    assert mtn.get(path.format("260963123400")).json()["family_name"] == "Payer"
    assert mtn.get(path.format(TWIN + "50")).status_code == 404


def test_the_balance_grows_with_each_charge(mtn: Any, until: Callable[..., None]) -> None:
    path = "/collection/v1_0/account/balance"
    assert mtn.get(path).json() == {"availableBalance": "1000", "currency": "ZMW"}
    mtn.pay(amount="0.50")
    until(lambda: mtn.get(f"{path}/ZMW").json()["availableBalance"] == "1000.5")
    assert mtn.get(f"{path}/EUR").json()["code"] == "INVALID_CURRENCY"
