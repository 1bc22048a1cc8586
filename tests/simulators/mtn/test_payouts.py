"""Transfers, deposits and refunds: how they end, what they move, and what MTN refuses."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

PAYEE, TWIN = "260963123400", "2609631234"
TRANSFER, REMITTANCE = "/disbursement/v1_0/transfer", "/remittance/v1_0/transfer"
DEPOSIT, REFUND = "/disbursement/v1_0/deposit", "/disbursement/v1_0/refund"
NUMBERED = [TRANSFER, REMITTANCE, DEPOSIT, "/disbursement/v2_0/deposit"]


def headers(mtn: Any, path: str) -> dict[str, str]:
    """The right headers for the product of this path."""
    product = path.split("/")[1]
    key = getattr(mtn.settings, f"{product}_subscription_key", mtn.settings.subscription_key)
    bearer = mtn.token(product, key).json()["access_token"]
    changes = {"Authorization": f"Bearer {bearer}", "Ocp-Apim-Subscription-Key": key}
    return dict(mtn.headers(changes))


def pay_out(
    mtn: Any,
    path: str,
    reference_id: str,
    payee: str = PAYEE,
    change: dict[str, str | None] | None = None,
    **body: Any,
) -> Any:
    content = mtn.body(payee, **body)
    content["payee"] = body.get("payee", content.pop("payer"))
    given = {**headers(mtn, path), "X-Reference-Id": reference_id, **(change or {})}
    right = {name: value for name, value in given.items() if value is not None}
    return mtn.call("POST", path, headers=right, json=content)


def give_back(mtn: Any, reference_id: str, target: str, path: str = REFUND, **body: Any) -> Any:
    content = mtn.body(referenceIdToRefund=target, **body)
    del content["payer"]
    given = {**headers(mtn, path), "X-Reference-Id": reference_id}
    return mtn.call("POST", path, headers=given, json=content)


def poll(mtn: Any, path: str, reference_id: str) -> Any:
    one = path.replace("v2_0", "v1_0")
    return mtn.call("GET", f"{one}/{reference_id}", headers=headers(mtn, path))


def ended(mtn: Any, path: str, reference_id: str, until: Callable[..., None]) -> dict[str, Any]:
    def final() -> bool:
        return poll(mtn, path, reference_id).json()["status"] in ("SUCCESSFUL", "FAILED")

    until(final)
    shown: dict[str, Any] = poll(mtn, path, reference_id).json()
    return shown


def balance(mtn: Any, product: str) -> str:
    path = f"/{product}/v1_0/account/balance"
    return str(mtn.call("GET", path, headers=headers(mtn, path)).json()["availableBalance"])


@pytest.mark.parametrize("path", NUMBERED)
def test_a_payout_is_accepted_and_pays_the_payee_from_the_wallet_of_its_product(
    mtn: Any, reference_id: str, until: Callable[..., None], path: str
) -> None:
    answer = pay_out(mtn, path, reference_id)
    assert (answer.status_code, answer.text) == (202, "")
    shown = ended(mtn, path, reference_id, until)
    assert shown["financialTransactionId"]
    assert (shown["amount"], shown["status"]) == ("12.5", "SUCCESSFUL")
    assert shown["payee"] == {"partyIdType": "MSISDN", "partyId": PAYEE}
    assert "payer" not in shown
    balances = {name: balance(mtn, name) for name in ("collection", "disbursement", "remittance")}
    assert balances == dict.fromkeys(balances, "1000") | {path.split("/")[1]: "987.5"}
    journal = mtn.journal()
    assert (journal["charges"], journal["payoutsByReference"]) == ([], {reference_id: 1})


@pytest.mark.parametrize("path", NUMBERED)
def test_a_payout_above_the_balance_fails_for_want_of_funds(
    mtn: Any, reference_id: str, until: Callable[..., None], path: str
) -> None:
    pay_out(mtn, path, reference_id, amount="1000.01")
    assert ended(mtn, path, reference_id, until)["reason"]["code"] == "NOT_ENOUGH_FUNDS"
    assert mtn.journal()["payouts"] == []


@pytest.mark.parametrize(
    ("suffix", "transfer", "deposit"),
    [
        ("50", "INTERNAL_PROCESSING_ERROR", "INTERNAL_PROCESSING_ERROR"),
        ("51", "APPROVAL_REJECTED", "APPROVAL_REJECTED"),
        ("52", "EXPIRED", "EXPIRED"),
        ("55", "NOT_ENOUGH_FUNDS", "PAYEE_NOT_FOUND"),
        ("56", "PAYER_LIMIT_REACHED", "PAYEE_NOT_ALLOWED_TO_RECEIVE"),
        ("57", "PAYEE_NOT_FOUND", "NOT_ALLOWED"),
        ("70", "NOT_ENOUGH_FUNDS", "NOT_ENOUGH_FUNDS"),
    ],
)
def test_a_failing_number_means_what_its_column_says(
    mtn: Any, until: Callable[..., None], suffix: str, transfer: str, deposit: str
) -> None:
    for path, reason in ((TRANSFER, transfer), (REMITTANCE, transfer), (DEPOSIT, deposit)):
        reference_id = str(uuid.uuid4())
        assert pay_out(mtn, path, reference_id, TWIN + suffix).status_code == 202
        shown = ended(mtn, path, reference_id, until)
        assert (shown["status"], shown["reason"]["code"]) == ("FAILED", reason)
    assert mtn.journal()["payouts"] == []


@pytest.mark.parametrize(
    ("path", "suffix", "status", "code"),
    [
        (TRANSFER, "59", 500, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        (TRANSFER, "60", 500, "INVALID_CALLBACK_URL_HOST"),
        (TRANSFER, "61", 500, "INVALID_CURRENCY"),
        (TRANSFER, "63", 503, "SERVICE_UNAVAILABLE"),
        (DEPOSIT, "58", 500, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        (DEPOSIT, "62", 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_a_refused_number_creates_no_payout(
    mtn: Any, reference_id: str, path: str, suffix: str, status: int, code: str
) -> None:
    answer = pay_out(mtn, path, reference_id, TWIN + suffix)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert poll(mtn, path, reference_id).status_code == 404


@pytest.mark.parametrize("path", NUMBERED)
@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"Ocp-Apim-Subscription-Key": None}, 401, "missing subscription key"),
        ({"Ocp-Apim-Subscription-Key": "wrong"}, 401, "invalid subscription key"),
        ({"Authorization": "Bearer wrong"}, 401, "Unauthorized"),
        ({"X-Target-Environment": None}, 400, ""),
        ({"X-Target-Environment": "sandbox"}, 500, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        ({"X-Reference-Id": "42"}, 400, ""),
        ({"X-Callback-Url": "https://elsewhere.example/x"}, 500, "INVALID_CALLBACK_URL_HOST"),
    ],
)
def test_a_payout_with_a_wrong_header_is_refused(
    mtn: Any, reference_id: str, path: str, change: Any, status: int, says: str
) -> None:
    answer = pay_out(mtn, path, reference_id, change=change)
    assert answer.status_code == status
    assert says in answer.text
    assert poll(mtn, path, reference_id).status_code == 404


@pytest.mark.parametrize(
    "change", [{"amount": 12.5}, {"amount": "0"}, {"payee": None}, {"payeeNote": "it's"}]
)
def test_a_malformed_payout_is_an_empty_400(
    mtn: Any, reference_id: str, change: dict[str, Any]
) -> None:
    answer = pay_out(mtn, TRANSFER, reference_id, **change)
    assert (answer.status_code, answer.text) == (400, "")


def test_a_payout_in_another_currency_is_refused(mtn: Any, reference_id: str) -> None:
    for answer in (
        pay_out(mtn, TRANSFER, reference_id, currency="EUR"),
        give_back(mtn, reference_id, str(uuid.uuid4()), currency="EUR"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (500, "INVALID_CURRENCY")


def test_a_reference_is_used_once_whatever_the_operation(mtn: Any, reference_id: str) -> None:
    assert mtn.pay(reference_id=reference_id).status_code == 202
    for path in NUMBERED:
        answer = pay_out(mtn, path, reference_id.upper())
        assert (answer.status_code, answer.json()["code"]) == (409, "RESOURCE_ALREADY_EXIST")
        assert poll(mtn, path, reference_id).status_code == 404
    assert mtn.poll(reference_id).status_code == 200


def test_there_is_no_second_version_of_a_transfer(mtn: Any, reference_id: str) -> None:
    assert pay_out(mtn, "/disbursement/v2_0/transfer", reference_id).status_code == 404


@pytest.mark.parametrize("path", [REFUND, "/disbursement/v2_0/refund"])
def test_a_refund_pays_the_payer_of_a_successful_payment_back(
    mtn: Any, reference_id: str, until: Callable[..., None], path: str
) -> None:
    paid = str(uuid.uuid4())
    mtn.pay(reference_id=paid)
    until(lambda: mtn.status(paid) == "SUCCESSFUL")
    assert give_back(mtn, reference_id, paid.upper(), path).status_code == 202
    assert ended(mtn, path, reference_id, until)["status"] == "SUCCESSFUL"
    assert (balance(mtn, "collection"), balance(mtn, "disbursement")) == ("1012.5", "987.5")
    assert [each["msisdn"] for each in mtn.journal()["payouts"]] == [PAYEE]


def test_a_refund_of_nothing_is_accepted_and_fails(
    mtn: Any, reference_id: str, until: Callable[..., None]
) -> None:
    assert give_back(mtn, reference_id, str(uuid.uuid4())).status_code == 202
    assert ended(mtn, REFUND, reference_id, until)["reason"]["code"] == "RESOURCE_NOT_FOUND"
    failed, refused = str(uuid.uuid4()), str(uuid.uuid4())
    mtn.pay(TWIN + "50", failed)
    give_back(mtn, refused, failed)
    assert ended(mtn, REFUND, refused, until)["reason"]["code"] == "NOT_ALLOWED"
    assert give_back(mtn, str(uuid.uuid4()), "1").status_code == 400


@pytest.mark.parametrize("operation", ["transfer", "deposit", "refund"])
def test_a_payout_can_get_a_fault(mtn: Any, reference_id: str, operation: str) -> None:
    mtn.faults({"operation": operation, "kind": "status", "status": 503, "times": 1})
    path = f"/disbursement/v1_0/{operation}"
    assert pay_out(mtn, path, reference_id).status_code == 503
    assert poll(mtn, path, reference_id).status_code == 404
    mtn.faults({"operation": operation, "kind": "error_after", "times": 1})


def test_a_fault_after_a_transfer_has_moved_the_money(mtn: Any, reference_id: str) -> None:
    mtn.faults({"operation": "transfer", "kind": "error_after", "times": 1})
    assert pay_out(mtn, TRANSFER, reference_id).status_code == 500
    assert mtn.journal()["payoutsByReference"] == {reference_id: 1}


@pytest.mark.parametrize(("version", "method"), [("v1_0", "POST"), ("v2_0", "PUT")])
def test_a_deposit_calls_back_by_the_method_of_its_version(
    mtn: Any, gateway: Any, reference_id: str, until: Callable[..., None], version: str, method: str
) -> None:
    url = {"X-Callback-Url": gateway.url}
    pay_out(mtn, f"/disbursement/{version}/deposit", reference_id, change=url)
    until(lambda: mtn.callbacks() == [200])
    assert [each.method for each in gateway.received] == [method]
