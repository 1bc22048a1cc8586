"""The ids that MTN's sandbox gives a meaning in a refund, and those that it gives none."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

SUBSCRIPTION = "Ocp-Apim-Subscription-Key"
PATH = "/disbursement/v1_0/refund"


def disbursing(sandbox: Any) -> dict[str, str]:
    """The headers of an API user that the key of disbursement made."""
    key, user = sandbox.settings.disbursement_subscription_key, str(uuid.uuid4())
    made = {SUBSCRIPTION: key, "X-Reference-Id": user}
    host = {"providerCallbackHost": "127.0.0.1"}
    assert sandbox.call("POST", "/v1_0/apiuser", headers=made, json=host).status_code == 201
    answer = sandbox.call("POST", f"/v1_0/apiuser/{user}/apikey", headers={SUBSCRIPTION: key})
    auth = (user, answer.json()["apiKey"])
    bearer = sandbox.token("disbursement", key, auth=auth).json()["access_token"]
    return dict(sandbox.headers({"Authorization": f"Bearer {bearer}", SUBSCRIPTION: key}))


def refund(sandbox: Any, headers: dict[str, str], reference_id: str, target: str) -> Any:
    body = sandbox.body(referenceIdToRefund=target)
    del body["payer"]
    given = {**headers, "X-Reference-Id": reference_id}
    return sandbox.call("POST", PATH, headers=given, json=body)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("1", "RESOURCE_NOT_FOUND"),
        ("2", "INTERNAL_PROCESSING_ERROR"),
        ("3", "APPROVAL_REJECTED"),
        ("4", "EXPIRED"),
        ("7", "NOT_ALLOWED"),
        ("11", "INTERNAL_PROCESSING_ERROR"),
        ("13", "COULD_NOT_PERFORM_TRANSACTION"),
    ],
)
def test_an_id_of_the_sandbox_decides_how_a_refund_fails(
    sandbox: Any, reference_id: str, until: Callable[..., None], target: str, reason: str
) -> None:
    headers = disbursing(sandbox)
    assert refund(sandbox, headers, reference_id, target).status_code == 202

    def shown() -> dict[str, Any]:
        found: dict[str, Any] = sandbox.call(
            "GET", f"{PATH}/{reference_id}", headers=headers
        ).json()
        return found

    until(lambda: shown()["status"] == "FAILED")
    assert shown()["reason"]["code"] == reason


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("8", 500, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        ("9", 500, "INVALID_CALLBACK_URL_HOST"),
        ("10", 500, "INVALID_CURRENCY"),
        ("12", 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_an_id_of_the_sandbox_refuses_a_refund(
    sandbox: Any, reference_id: str, target: str, status: int, code: str
) -> None:
    answer = refund(sandbox, disbursing(sandbox), reference_id, target)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_id_outside_the_table_is_malformed(sandbox: Any, reference_id: str) -> None:
    assert refund(sandbox, disbursing(sandbox), reference_id, "14").status_code == 400


def test_a_user_of_another_product_may_not_pay_out(sandbox: Any, reference_id: str) -> None:
    key = sandbox.settings.disbursement_subscription_key
    bearer = sandbox.token("disbursement", key).json()["access_token"]
    headers = sandbox.headers({"Authorization": f"Bearer {bearer}", SUBSCRIPTION: key})
    answer = refund(sandbox, headers, reference_id, "1")
    assert (answer.status_code, answer.json()["code"]) == (500, "NOT_ALLOWED_TARGET_ENVIRONMENT")
