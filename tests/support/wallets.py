"""Merchants' wallets at a network that answers from a script: one script for each API user."""

import itertools
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Flask

from tests.support.fakes import ScriptedNetwork
from tests.support.merchants import Merchant
from zampay.kernel.findings import refused, taken
from zampay.providers.contract import Provider
from zampay.providers.mtn.settings import MERCHANT_WALLETS
from zampay.providers.registry import Reachable

WRONG_KEY = "0" * 32
"""An API key that the scripted network refuses."""
_names = itertools.count(1)


class ScriptedWallets:
    """What the network knows of merchants' wallets, by API user."""

    def __init__(self) -> None:
        self.by_user: dict[str, ScriptedNetwork] = {}
        self.made: list[Mapping[str, str]] = []

    def make(self, credentials: Mapping[str, str], _: str) -> Provider:
        """An adapter with the script of its API user."""
        self.made.append(credentials)
        script = self.of(credentials["apiUser"])
        is_wrong = credentials["apiKey"] == WRONG_KEY
        script.findings = [
            refused("refused", "credentials", "The network refuses them.", "Compare them.")
            if is_wrong
            else taken("accepted", "credentials", "accepted.")
        ]
        return script

    def of(self, api_user: str) -> ScriptedNetwork:
        return self.by_user.setdefault(api_user, ScriptedNetwork())


def scripted_wallets(network: ScriptedNetwork) -> Reachable:
    """The scripted network, as merchants' wallets reach it."""
    return Reachable(network, MERCHANT_WALLETS, ScriptedWallets().make)


def scripts(app: Flask) -> ScriptedWallets:
    """The scripts of the network that the fixture `network` has put in place."""
    made = app.extensions["networks"]["MTN"].make
    found: ScriptedWallets = made.__self__
    return found


def credentials(**changes: str) -> dict[str, str]:
    """Credentials in good form, of an API user of their own."""
    user = str(uuid.uuid4())
    return {"subscriptionKey": "1" * 32, "apiUser": user, "apiKey": "2" * 32, **changes}


def wanted_wallet(*, given: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    """A request for a wallet that is in order, with some members replaced."""
    return {
        "provider": "MTN",
        "name": f"Till {next(_names)}",
        "credentials": given or credentials(),
        **changes,
    }


def a_wallet(merchant: Merchant, **changes: Any) -> Any:
    """A new wallet of the merchant's, not verified yet."""
    answer = merchant.post("/wallets", wanted_wallet(**changes))
    assert answer.status_code == 201, answer.json
    return answer.json


def an_active_wallet(merchant: Merchant, **given: Any) -> Any:
    """A new wallet that the network takes."""
    made = a_wallet(merchant, **given)
    answer = merchant.post(f"/wallets/{made['id']}/verify")
    assert answer.json["wallet"]["status"] == "ACTIVE", answer.json
    return answer.json["wallet"]
