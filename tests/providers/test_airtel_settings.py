"""Airtel's variables, and what its wallets of merchants bring."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.airtel import Airtel
from tests.support.networks import an_order
from tests.test_config import DEVELOPMENT, Load, load, problems
from tests.test_key_material import AIRTEL, GIVEN
from zampay.providers.airtel import settings
from zampay.providers.contract import Accepted

__all__ = ["load"]
OBJECTIONS = settings.MERCHANT_WALLETS.objections
GOOD = {"clientId": "1" * 36, "clientSecret": "2" * 36}


@pytest.mark.parametrize("name", ["AIRTEL_CLIENT_ID", "AIRTEL_CLIENT_SECRET"])
def test_credentials_are_given_together(load: Load, name: str) -> None:
    assert problems(load, {**DEVELOPMENT, **AIRTEL}, **{name: None}) == {name}
    only_address = load(DEVELOPMENT, AIRTEL_BASE_URL=AIRTEL["AIRTEL_BASE_URL"])
    assert not only_address.networks["AIRTEL"].has_wallet
    assert load(DEVELOPMENT, **AIRTEL).networks["AIRTEL"].has_wallet


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AIRTEL_BASE_URL", "airtel.example"),
        ("AIRTEL_CLIENT_ID", "short"),
        ("AIRTEL_CALLBACK_TOKEN", "short"),
        ("AIRTEL_CALLBACK_TOKEN", "T" * 40),
        ("AIRTEL_PAYMENTS_PATH", "merchant/v1"),
        ("AIRTEL_SIGN_MESSAGES", "perhaps"),
        ("AIRTEL_FIRST_POLL_S", "0"),
    ],
)
def test_a_wrong_variable_stops_the_start(load: Load, name: str, value: str) -> None:
    assert problems(load, GIVEN, **{name: value}) == {name}


def test_good_credentials_meet_no_objection() -> None:
    assert OBJECTIONS(GOOD) == {}
    assert OBJECTIONS({**GOOD, "callbackKey": "k", "signMessages": "true"}) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [("clientId", "hunter2"), ("clientSecret", "hunter2"), ("signMessages", "hunter2")],
)
def test_a_wrong_shape_is_told_without_the_value(name: str, value: str) -> None:
    found = OBJECTIONS({**GOOD, name: value})
    assert list(found) == [name]
    assert "hunter2" not in str(found)


def test_a_merchants_wallet_has_its_own_login_callback_address_and_switch(airtel: Airtel) -> None:
    deployment = airtel.adapter(callback_token="t" * 40, callback_key="deployment's")._settings
    login = {
        "clientId": airtel.simulated.client_id,
        "clientSecret": airtel.simulated.client_secret,
    }
    own = settings.MERCHANT_WALLETS.settings(deployment, login, "w" * 40)
    assert (own.callback_token, own.callback_key, own.signs) == ("w" * 40, "", False)
    assert own.is_merchants
    adapter = type(airtel.adapter())(own)
    assert isinstance(adapter.submit(an_order(adapter)), Accepted)
    signs = {**login, "signMessages": "true", "callbackKey": "k"}
    other = settings.MERCHANT_WALLETS.settings(deployment, signs, "w" * 40)
    assert (other.signs, other.callback_key) == (True, "k")


def test_nothing_secret_is_in_a_representation(airtel: Airtel) -> None:
    whole = airtel.adapter(callback_token="t" * 40, callback_key="hidden")._settings
    for secret in (whole.client_id, whole.client_secret, "t" * 40, "hidden"):
        assert secret not in repr(whole)


def test_who_does_not_know_all_credentials_shares_neither_token_nor_pace(airtel: Airtel) -> None:
    whole = airtel.adapter()._settings
    others: list[dict[str, Any]] = [{"client_id": "1" * 36}, {"client_secret": "2" * 36}]
    assert len({whole.login, *(replace(whole, **one).login for one in others)}) == 3
