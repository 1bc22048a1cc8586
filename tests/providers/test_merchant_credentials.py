"""What a network asks of a merchant's wallet: told in words, and no value is ever repeated."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.networks import Mtn, an_order
from zampay.providers.contract import Accepted
from zampay.providers.credentials import LONGEST
from zampay.providers.mtn import settings
from zampay.providers.registry import NETWORKS, Network

GOOD = {
    "subscriptionKey": "1" * 32,
    "apiUser": "6d1c4b0f-3d5a-4c0e-9a43-2f7b8f1f1a01",
    "apiKey": "2" * 32,
}
OBJECTIONS = settings.MERCHANT_WALLETS.objections


@pytest.mark.parametrize("network", NETWORKS, ids=lambda one: one.code)
def test_each_network_names_its_credentials_and_asks_for_them(network: Network) -> None:
    asked = network.merchant_wallets.credentials
    wrong = network.merchant_wallets.objections({})
    assert set(wrong) == {one.name for one in asked if not one.is_optional}
    assert wrong
    unknown = network.merchant_wallets.objections({"hunter": "x"})
    assert "is not known" in unknown["hunter"]


def test_good_credentials_meet_no_objection() -> None:
    assert OBJECTIONS(GOOD) == {}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("apiKey", "hunter2", "at least 32 characters"),
        ("apiKey", "hunter2 " * 8, "without spaces"),
        ("apiKey", "hunter2\r\nX-Header: 1" * 4, "without spaces"),
        ("apiKey", "hunter2" * LONGEST, f"more than {LONGEST}"),
        ("subscriptionKey", "", "without spaces"),
        ("apiUser", "hunter2", "UUID version 4"),
        ("apiUser", "6d1c4b0f-3d5a-1c0e-9a43-2f7b8f1f1a01", "UUID version 4"),
    ],
)
def test_a_wrong_shape_is_told_without_the_value(name: str, value: str, says: str) -> None:
    found = OBJECTIONS({**GOOD, name: value})
    assert list(found) == [name]
    assert says in found[name]
    assert "hunter2" not in str(found)


def test_a_merchants_wallet_keeps_the_networks_address_and_limits(mtn: Mtn) -> None:
    deployment = replace(mtn.adapter()._settings, subscription_key="", api_user="", api_key="")
    known = mtn.simulated
    given = (known.subscription_key, known.api_user, known.api_key)
    own = settings.MERCHANT_WALLETS.settings(deployment, dict(zip(GOOD, given, strict=True)), "t")
    assert (deployment.has_wallet, own.has_wallet) == (False, True)
    assert replace(own, subscription_key="", api_user="", api_key="") == replace(
        deployment, is_merchants=True
    )
    adapter = type(mtn.adapter())(own)
    assert isinstance(adapter.submit(an_order(adapter)), Accepted)


def test_who_does_not_know_all_credentials_shares_neither_token_nor_pace(mtn: Mtn) -> None:
    whole = mtn.adapter()._settings
    others: list[dict[str, Any]] = [
        {"api_key": "0" * 32},
        {"subscription_key": "0" * 32},
        {"api_user": GOOD["apiUser"]},
    ]
    logins = {whole.login, *(replace(whole, **one).login for one in others)}
    assert len(logins) == 4
    assert replace(whole, read_timeout_s=1.0).login == whole.login
