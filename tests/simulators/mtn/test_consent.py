"""The flow of consent: a request, its tokens, and who the account holder is."""

from typing import Any

import pytest

NUMBER = "260963123400"
ASKED = {"login_hint": f"ID:{NUMBER}/MSISDN", "scope": "profile", "access_type": "offline"}
CIBA = "urn:openid:params:grant-type:ciba"
PRODUCTS = ["collection", "disbursement", "remittance"]
KEY = "Ocp-Apim-Subscription-Key"


def headers(mtn: Any, product: str, *, basic: bool = False) -> dict[str, str]:
    named = f"{product}_subscription_key"
    key = getattr(mtn.settings, named, mtn.settings.subscription_key)
    bearer = None if basic else mtn.token(product, key).json()["access_token"]
    found = dict(mtn.headers({KEY: key, "Authorization": f"Bearer {bearer}"}))
    if basic:
        del found["Authorization"]
    return found


def authorize(mtn: Any, product: str = "collection", **form: Any) -> Any:
    path, given = f"/{product}/v1_0/bc-authorize", {**ASKED, **form}
    return mtn.call("POST", path, headers=headers(mtn, product), data=given)


def exchange(mtn: Any, product: str = "collection", **form: str) -> Any:
    auth = (mtn.settings.api_user, mtn.settings.api_key)
    given = {"grant_type": CIBA, **form}
    path = f"/{product}/oauth2/token/"
    sent = headers(mtn, product, basic=True)
    return mtn.call("POST", path, headers=sent, auth=auth, data=given)


def userinfo(mtn: Any, token: str, product: str = "collection") -> Any:
    sent = {**headers(mtn, product, basic=True), "Authorization": f"Bearer {token}"}
    return mtn.call("GET", f"/{product}/oauth2/v1_0/userinfo", headers=sent)


@pytest.mark.parametrize("product", PRODUCTS)
def test_consent_leads_to_a_token_and_to_who_gave_it(mtn: Any, product: str) -> None:
    asked = authorize(mtn, product)
    assert asked.status_code == 200
    assert asked.json().keys() == {"auth_req_id", "interval", "expires_in"}
    tokens = exchange(mtn, product, auth_req_id=asked.json()["auth_req_id"]).json()
    assert (tokens["expires_in"], tokens["scope"]) == (3600, "profile")
    assert tokens.keys() >= {"token_type", "refresh_token", "refresh_token_expired_in"}
    person = userinfo(mtn, tokens["access_token"], product).json()
    assert (person["phone_number"], person["given_name"]) == (NUMBER, "Test")


def test_disbursement_takes_basic_credentials_and_collection_does_not(mtn: Any) -> None:
    auth = (mtn.settings.api_user, mtn.settings.api_key)
    for product, status in (("disbursement", 200), ("collection", 401)):
        sent, path = headers(mtn, product, basic=True), f"/{product}/v1_0/bc-authorize"
        assert mtn.call("POST", path, headers=sent, auth=auth, data=ASKED).status_code == status


@pytest.mark.parametrize(
    "change",
    [
        {"login_hint": NUMBER},
        {"login_hint": None},
        {"scope": ""},
        {"access_type": "sometimes"},
        {"access_type": None},
    ],
)
def test_a_malformed_request_for_consent_is_an_empty_400(mtn: Any, change: dict[str, Any]) -> None:
    answer = authorize(mtn, **change)
    assert (answer.status_code, answer.text) == (400, "")


def test_a_request_for_consent_is_a_form(mtn: Any) -> None:
    path = "/collection/v1_0/bc-authorize"
    assert mtn.call("POST", path, headers=headers(mtn, "collection"), json=ASKED).status_code == 400


def test_a_number_that_has_no_account_cannot_consent(mtn: Any) -> None:
    answer = authorize(mtn, login_hint="ID:260963123450/MSISDN")
    assert (answer.status_code, answer.json()["code"]) == (404, "RESOURCE_NOT_FOUND")


def test_an_id_and_a_refresh_token_are_used_once_and_for_their_product(mtn: Any) -> None:
    asked = authorize(mtn).json()["auth_req_id"]
    assert exchange(mtn, "disbursement", auth_req_id=asked).status_code == 401
    tokens = exchange(mtn, auth_req_id=asked).json()
    again = exchange(mtn, auth_req_id=asked)
    assert (again.status_code, again.json()) == (401, {"error": "invalid_grant"})
    renewal = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    renewed = exchange(mtn, **renewal)
    assert userinfo(mtn, renewed.json()["access_token"]).status_code == 200
    assert exchange(mtn, **renewal).status_code == 401


def test_who_consented_needs_the_token_of_the_consent(mtn: Any) -> None:
    assert userinfo(mtn, mtn.bearer).status_code == 401
    asked = authorize(mtn).json()["auth_req_id"]
    token = exchange(mtn, auth_req_id=asked).json()["access_token"]
    assert userinfo(mtn, token, "disbursement").status_code == 401
    assert userinfo(mtn, token).status_code == 200
    mtn.admin("POST", "tokens/expire")
    assert userinfo(mtn, token).status_code == 401


@pytest.mark.parametrize("form", [{"grant_type": "password"}, {}, {"auth_req_id": ""}])
def test_a_malformed_exchange_is_an_empty_400(mtn: Any, form: dict[str, str]) -> None:
    answer = exchange(mtn, **form)
    assert (answer.status_code, answer.text) == (400, "")


@pytest.mark.parametrize("operation", ["bc-authorize", "oauth2token", "userinfo"])
def test_the_flow_of_consent_can_get_faults(mtn: Any, operation: str) -> None:
    mtn.faults({"operation": operation, "kind": "status", "status": 503})
    answers = {
        "bc-authorize": authorize(mtn),
        "oauth2token": exchange(mtn, auth_req_id="any"),
        "userinfo": userinfo(mtn, "any"),
    }
    failed = [name for name, answer in answers.items() if answer.status_code == 503]
    assert failed == [operation]
