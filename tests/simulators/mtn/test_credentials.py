"""Tokens and provisioning: who may call, for which product, and for how long."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest


def test_a_token_opens_its_own_product(mtn: Any) -> None:
    answer = mtn.token()
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 3600
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert mtn.get("/collection/v1_0/account/balance", bearer).status_code == 200


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        ({"auth": ("nobody", "key")}, 500, "login_failed"),
        ({"auth": (str(uuid.uuid4()), "key")}, 500, "login_failed"),
        ({"auth": None}, 401, "error"),
        ({"key": "wrong"}, 401, "invalid subscription key"),
        ({"json": {"grant_type": "client_credentials"}}, 400, ""),
        ({"data": b" "}, 400, ""),
    ],
)
def test_a_wrong_request_for_a_token_is_refused(
    mtn: Any, options: dict[str, Any], status: int, says: str
) -> None:
    answer = mtn.token(**options)
    assert answer.status_code == status
    assert says in answer.text
    assert bool(answer.text) is bool(says)


def test_an_empty_object_is_taken_with_a_token_only_where_that_is_set(
    mtn: Any, start: Callable[..., Any]
) -> None:
    assert mtn.token(json={}).status_code == 400
    with start(token_body="lenient") as lenient:
        assert lenient.token(json={}).status_code == 200
        assert lenient.token(json={"grant_type": "client_credentials"}).status_code == 400


def test_the_wrong_api_key_fails_the_login(mtn: Any) -> None:
    answer = mtn.token(auth=(mtn.settings.api_user, "wrong"))
    assert (answer.status_code, answer.json()) == (500, {"error": "login_failed"})


def test_a_token_path_without_its_slash_does_not_exist(mtn: Any) -> None:
    auth = (mtn.settings.api_user, mtn.settings.api_key)
    answer = mtn.call("POST", "/collection/token", auth=auth, headers=mtn.headers())
    assert answer.status_code == 404


def test_expired_tokens_are_refused_until_a_new_one_is_made(
    mtn: Any, start: Callable[..., Any], until: Callable[..., None]
) -> None:
    assert mtn.admin("POST", "tokens/expire").json()["expired"] >= 1
    assert mtn.pay().status_code == 401
    assert mtn.log_in().pay().status_code == 202
    with start(token_life_s=0.2) as short_lived:
        until(lambda: short_lived.pay().status_code == 401)


def test_a_token_for_another_product_is_refused(mtn: Any) -> None:
    key = mtn.settings.disbursement_subscription_key
    token = mtn.token("disbursement", key=key).json()["access_token"]
    assert mtn.pay(headers={"Authorization": f"Bearer {token}"}).status_code == 401


def balance_of_disbursement(client: Any) -> Any:
    key = client.settings.disbursement_subscription_key
    token = client.token("disbursement", key=key).json()["access_token"]
    changes = {"Authorization": f"Bearer {token}", "Ocp-Apim-Subscription-Key": key}
    return client.get("/disbursement/v1_0/account/balance", changes)


def test_a_sandbox_user_serves_the_product_that_made_it_only(mtn: Any, sandbox: Any) -> None:
    assert balance_of_disbursement(mtn).status_code == 200
    refused = balance_of_disbursement(sandbox)
    assert (refused.status_code, refused.json()["code"]) == (500, "NOT_ALLOWED_TARGET_ENVIRONMENT")


def provision(client: Any, method: str, path: str, **options: Any) -> Any:
    key = {"Ocp-Apim-Subscription-Key": client.settings.subscription_key}
    headers = {**key, **options.pop("headers", {})}
    return client.call(method, f"/v1_0/apiuser{path}", headers=headers, **options)


def create_user(client: Any, user: str, host: object = "gateway.example") -> Any:
    body = {"providerCallbackHost": host}
    return provision(client, "POST", "", headers={"X-Reference-Id": user}, json=body)


def test_a_provisioned_user_can_pay_and_has_its_own_callback_host(sandbox: Any) -> None:
    user = str(uuid.uuid4())
    assert create_user(sandbox, user).status_code == 201
    assert create_user(sandbox, user).json()["code"] == "RESOURCE_ALREADY_EXIST"
    assert sandbox.token(auth=(user, "")).status_code == 500
    made = provision(sandbox, "POST", f"/{user}/apikey")
    assert made.status_code == 201
    token = sandbox.token(auth=(user, made.json()["apiKey"])).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    own, other = "https://gateway.example/x", "https://127.0.0.1/x"
    assert sandbox.pay(headers={**headers, "X-Callback-Url": own}).status_code == 202
    assert sandbox.pay(headers={**headers, "X-Callback-Url": other}).status_code == 500


def test_only_the_user_that_made_a_payment_may_notify_its_payer(
    sandbox: Any, reference_id: str
) -> None:
    user, ours = str(uuid.uuid4()), {"notificationMessage": "Thank you"}
    create_user(sandbox, user)
    auth = (user, provision(sandbox, "POST", f"/{user}/apikey").json()["apiKey"])
    theirs = {**ours, "Authorization": f"Bearer {sandbox.token(auth=auth).json()['access_token']}"}
    sandbox.pay("260963123474", reference_id)
    path = f"/collection/v1_0/requesttopay/{reference_id}/deliverynotification"
    for changes, status in ((theirs, 404), (ours, 200)):
        answer = sandbox.call("POST", path, headers=sandbox.headers(changes), json=ours)
        assert answer.status_code == status


def test_a_new_api_key_ends_the_old_one_and_its_tokens(sandbox: Any) -> None:
    user = str(uuid.uuid4())
    create_user(sandbox, user)
    old = provision(sandbox, "POST", f"/{user}/apikey").json()["apiKey"]
    token = sandbox.token(auth=(user, old)).json()["access_token"]
    new = provision(sandbox, "POST", f"/{user}/apikey").json()["apiKey"]
    assert sandbox.token(auth=(user, old)).status_code == 500
    assert sandbox.token(auth=(user, new)).status_code == 200
    assert sandbox.pay(headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_user_reads_back_without_its_key(sandbox: Any) -> None:
    user = str(uuid.uuid4())
    create_user(sandbox, user)
    expected = {"providerCallbackHost": "gateway.example", "targetEnvironment": "sandbox"}
    assert provision(sandbox, "GET", f"/{user}").json() == expected
    assert provision(sandbox, "GET", f"/{uuid.uuid4()}").status_code == 404
    assert provision(sandbox, "POST", f"/{uuid.uuid4()}/apikey").status_code == 404


@pytest.mark.parametrize("host", ["https://gateway.example", "gateway.example/x", "a:1", "", 1])
def test_a_callback_host_is_a_bare_host(sandbox: Any, host: object) -> None:
    assert create_user(sandbox, str(uuid.uuid4()), host).status_code == 400


def test_only_the_sandbox_provisions(mtn: Any) -> None:
    assert create_user(mtn, str(uuid.uuid4())).status_code == 404
