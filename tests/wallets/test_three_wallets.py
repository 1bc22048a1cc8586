"""Two merchants with wallets of their own and one on the deployment's, at a simulator over HTTP:
kept apart by credentials, by pace and by failure.
"""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from flask import Flask

from tests.simulators.client import served
from tests.support.fakes import HeldQueue, make_due, poll, stored, submit
from tests.support.merchants import Merchant
from tests.support.wallets import wanted_wallet
from zampay.providers import registry
from zampay.providers.contract import Throttled
from zampay.providers.mtn.settings import Settings
from zampay.simulators.mtn.app import create_app
from zampay.simulators.mtn.settings import SANDBOX
from zampay.simulators.mtn.settings import Settings as Simulated
from zampay.transfers import poll as polling
from zampay.transfers.states import State

SIMULATED = Simulated(port=0, environment=SANDBOX, approval_s=0.0, delayed_s=0.1)


class Portal:
    """MTN's portal and platform: makes API users and their keys."""

    def __init__(self, url: str) -> None:
        self.url = url

    def user(self) -> dict[str, str]:
        """Credentials of a new API user."""
        name = str(uuid.uuid4())
        self._ask("", {"providerCallbackHost": "127.0.0.1"}, {"X-Reference-Id": name})
        return {"apiUser": name, **self.key(name)}

    def key(self, user: str) -> dict[str, str]:
        """A new key of the user; the one before stops working."""
        made = self._ask(f"/{user}/apikey", None, {}).json()
        return {"subscriptionKey": SIMULATED.subscription_key, "apiKey": made["apiKey"]}

    def _ask(self, path: str, body: Any, headers: dict[str, str]) -> requests.Response:
        headers["Ocp-Apim-Subscription-Key"] = SIMULATED.subscription_key
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self.url}/v1_0/apiuser{path}"
            answer = session.post(url, json=body, headers=headers, timeout=5)
        assert answer.ok, answer.text
        return answer


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with served(create_app, SIMULATED) as url:
        yield Portal(url)


@pytest.fixture
def deployment(app: Flask, portal: Portal) -> Settings:
    """The deployment's wallet at the simulator; every other network is not configured."""
    own = Settings(
        base_url=portal.url,
        target_environment=SANDBOX,
        subscription_key=SIMULATED.subscription_key,
        api_user=SIMULATED.api_user,
        api_key=SIMULATED.api_key,
        callback_base_url=None,
        connect_timeout_s=5.0,
        read_timeout_s=10.0,
        polls_per_s=1000.0,
        min_amount_minor=1,
        max_amount_minor=100_000_000,
        unknown_grace_s=30.0,
    )
    configure(app, own)
    return own


def configure(app: Flask, mtn: Settings) -> None:
    settings: dict[str, Any] = dict.fromkeys(network.code for network in registry.NETWORKS)
    with app.app_context():
        registry.init(app, settings | {"MTN": mtn})


def own_wallet(merchant: Merchant, given: dict[str, str]) -> str:
    made = merchant.post("/wallets", wanted_wallet(given=given)).json
    verified = merchant.post(f"/wallets/{made['id']}/verify").json
    assert verified["wallet"]["status"] == "ACTIVE", verified
    return str(made["id"])


def paid(app: Flask, merchant: Merchant) -> str:
    """A payment, sent if its wallet may send; its id."""
    answer = merchant.pay(currency="EUR")
    assert answer.status_code == 202, answer.json
    submit(app, stored(app, answer.json["id"]))
    return str(answer.json["id"])


def state(app: Flask, payment_id: str) -> str:
    return str(stored(app, payment_id).state)


@pytest.fixture
def third(app: Flask, task_queue: HeldQueue) -> Merchant:
    """A merchant without a wallet of their own."""
    return Merchant.register(app.test_client(), "Third Stall")


def test_each_is_paid_through_its_own_and_one_wrong_key_stops_one_wallet(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    third: Merchant,
    portal: Portal,
    deployment: Settings,
) -> None:
    first, second = portal.user(), portal.user()
    wallets = [own_wallet(merchant, first), own_wallet(rival, second), "deployment"]
    before = [paid(app, one) for one in (merchant, rival, third)]
    assert [stored(app, one).wallet_id for one in before] == wallets
    assert len({stored(app, one).network_account for one in before}) == 3
    renewed = portal.key(first["apiUser"])  # MTN ends the old key and its tokens
    after = [paid(app, one) for one in (merchant, rival, third)]
    assert [state(app, one) for one in after] == ["PENDING", "PROCESSING", "PROCESSING"]
    for payment_id in before:
        make_due(app, payment_id)
        poll(app, stored(app, payment_id))
    assert [state(app, one) for one in before] == ["PROCESSING", "SUCCESSFUL", "SUCCESSFUL"]
    refused = merchant.post(f"/wallets/{wallets[0]}/verify").json
    assert refused["wallet"]["status"] == "REFUSED"
    assert "subscriptionKey, apiUser and apiKey" in refused["findings"][0]["remedy"]

    changed = {"credentials": {**first, **renewed}}
    merchant.put(f"/wallets/{wallets[0]}/credentials", changed)
    assert merchant.post(f"/wallets/{wallets[0]}/verify").json["wallet"]["status"] == "ACTIVE"
    app.extensions["known_wallets"].kept.clear()  # a second later
    make_due(app, after[0])
    submit(app, stored(app, after[0]))
    for payment_id in (before[0], after[0]):
        make_due(app, payment_id)
        poll(app, stored(app, payment_id))
        assert state(app, payment_id) == State.SUCCESSFUL


def test_each_wallet_is_asked_at_a_pace_of_its_own(
    app: Flask, merchant: Merchant, rival: Merchant, portal: Portal, deployment: Settings
) -> None:
    configure(app, replace(deployment, polls_per_s=0.1))
    own_wallet(merchant, portal.user())
    own_wallet(rival, portal.user())
    busy = [paid(app, merchant) for _ in range(2)]
    other = paid(app, rival)

    def asked(payment_id: str) -> object:
        make_due(app, payment_id)
        transfer = stored(app, payment_id)
        with app.app_context():
            return polling.poll(tenant_id=transfer.tenant_id, transfer_id=transfer.id)

    assert not isinstance(asked(busy[0]), Throttled)
    assert isinstance(asked(busy[1]), Throttled)
    assert not isinstance(asked(other), Throttled)


def test_who_knows_another_merchants_api_user_alone_gets_nothing_by_it(
    app: Flask, merchant: Merchant, rival: Merchant, portal: Portal, deployment: Settings
) -> None:
    """The token and the pace of an API user are not for whoever names it."""
    known = portal.user()
    own_wallet(merchant, known)
    stolen = wanted_wallet(given={**known, "apiKey": "f" * 32})
    wallet_id = rival.post("/wallets", stolen).json["id"]
    answer = rival.post(f"/wallets/{wallet_id}/verify").json
    assert answer["wallet"]["status"] == "REFUSED"
    assert rival.get(f"/wallets/{wallet_id}/balance").json["network"] is None
    assert state(app, paid(app, merchant)) == State.PROCESSING


def test_payments_of_a_wallet_that_stays_refused_fail_for_it(
    app: Flask, merchant: Merchant, third: Merchant, portal: Portal, deployment: Settings
) -> None:
    given = portal.user()
    own_wallet(merchant, given)
    portal.key(given["apiUser"])
    stopped, other = paid(app, merchant), paid(app, third)
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    make_due(app, stopped)
    submit(app, stored(app, stopped))
    failed = stored(app, stopped)
    assert failed.failure is not None
    assert (failed.state, failed.failure["code"]) == (State.FAILED, "provider_rejected")
    assert state(app, other) == State.PROCESSING
