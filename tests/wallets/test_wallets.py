"""A merchant's wallet over REST: made, verified, replaced, disabled; no credential is shown."""

import json
import logging
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import ScriptedNetwork
from tests.support.merchants import Merchant
from tests.support.refusals import refusal
from tests.support.tables import contents
from tests.support.wallets import (
    WRONG_KEY,
    a_wallet,
    an_active_wallet,
    credentials,
    scripts,
)
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.providers.contract import Balance
from zampay.wallets import adapters, queries
from zampay.wallets.models import Wallet

pytestmark = pytest.mark.usefixtures("network")


def stored(app: Flask, wallet_id: str) -> Wallet:
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        return tx.session.scalars(sa.select(Wallet).where(Wallet.id == wallet_id)).one()


def actions(merchant: Merchant) -> list[tuple[str, str]]:
    """What the audit log says was done with wallets, newest first."""
    entries = merchant.get("/audit-log").json["data"]
    return [(one["action"], one["subject"]) for one in entries if "wallet" in one["action"]]


def test_a_wallet_is_made_and_found(merchant: Merchant) -> None:
    made = a_wallet(merchant, name="Main till")
    assert (made["provider"], made["name"], made["status"]) == ("MTN", "Main till", "UNVERIFIED")
    assert (made["capabilities"], made["callbackPath"]) == (["payment"], None)
    assert merchant.get(f"/wallets/{made['id']}").json == made
    assert merchant.get("/wallets").json == {"data": [made]}
    assert actions(merchant) == [("wallet.created", made["id"])]


def test_credentials_are_encrypted_and_nobody_is_shown_them(
    app: Flask, merchant: Merchant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    given = credentials()
    made = a_wallet(merchant, given=given)
    path = f"/wallets/{made['id']}"
    other = credentials()
    answers = [
        merchant.get(path),
        merchant.get("/wallets"),
        merchant.post(f"{path}/verify"),
        merchant.put(f"{path}/credentials", {"credentials": other}),
        merchant.get(f"{path}/balance"),
        merchant.post(f"{path}/disable"),
        merchant.get("/audit-log"),
    ]
    assert [one.status_code for one in answers] == [200] * 7
    kept = json.dumps(contents(app))
    told = json.dumps(made) + "".join(one.text for one in answers) + caplog.text
    for secret in (*given.values(), *other.values()):
        assert secret not in told
        assert secret not in kept
    with app.app_context():
        assert adapters.credentials_of(stored(app, made["id"])) == other


@pytest.mark.parametrize("wrong", ["hunter2", 12345678, ["hunter2"], None, "hunter2 \r\n" * 9])
def test_a_wrong_credential_is_named_and_not_repeated(merchant: Merchant, wrong: Any) -> None:
    body = {"provider": "MTN", "name": "Till", "credentials": {**credentials(), "apiKey": wrong}}
    answer = merchant.post("/wallets", body)
    refusal(answer, 422, "validation_failed")
    assert [one["field"] for one in answer.json["errors"]] == ["credentials.apiKey"]
    assert "hunter2" not in answer.text
    assert "12345678" not in answer.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"provider": "NOBODY"}, "provider"),
        ({"provider": "mtn"}, "provider"),
        ({"name": ""}, "name"),
        ({"credentials": {}}, "credentials.subscriptionKey"),
        ({"credentials": "apiKey"}, "credentials"),
        ({"tenantId": "ten_1"}, "tenantId"),
    ],
)
def test_what_a_wallet_needs_is_told(
    merchant: Merchant, changes: dict[str, Any], field: str
) -> None:
    body = {"provider": "MTN", "name": "Till", "credentials": credentials(), **changes}
    answer = merchant.post("/wallets", body)
    refusal(answer, 422, "validation_failed")
    assert answer.json["errors"][0]["field"] == field


def test_a_test_key_has_no_wallets(merchant: Merchant) -> None:
    body = {"provider": "MTN", "name": "Till", "credentials": credentials()}
    refusal(merchant.post("/wallets", body, live=False), 403, "live_key_needed")
    made = a_wallet(merchant)
    assert merchant.get("/wallets", live=False).json == {"data": []}
    refusal(merchant.get(f"/wallets/{made['id']}", live=False), 404, "wallet_not_found")


def test_only_so_many_wallets(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST", 1)
    a_wallet(merchant)
    body = {"provider": "MTN", "name": "Till", "credentials": credentials()}
    refusal(merchant.post("/wallets", body), 422, "too_many_wallets")


def test_verifying_tells_what_the_network_says(app: Flask, merchant: Merchant) -> None:
    made = a_wallet(merchant)
    path = f"/wallets/{made['id']}"
    answer = merchant.post(f"{path}/verify").json
    assert (answer["wallet"]["status"], answer["findings"][0]["verdict"]) == ("ACTIVE", "fine")
    assert answer["wallet"]["verifiedAt"] is not None
    wrong = credentials(apiKey=WRONG_KEY)
    replaced = merchant.put(f"{path}/credentials", {"credentials": wrong}).json
    assert (replaced["status"], replaced["verifiedAt"]) == ("ACTIVE", None)
    refused = merchant.post(f"{path}/verify").json
    assert (refused["wallet"]["status"], refused["findings"][0]["verdict"]) == ("REFUSED", "broken")
    assert refused["findings"][0]["remedy"] == "Compare them."
    mended = merchant.put(f"{path}/credentials", {"credentials": credentials()}).json
    assert mended["status"] == "UNVERIFIED"
    assert merchant.post(f"{path}/verify").json["wallet"]["status"] == "ACTIVE"
    assert [action for action, _ in actions(merchant)] == [
        "wallet.verified",
        "wallet.credentials_replaced",
        "wallet.verified",
        "wallet.credentials_replaced",
        "wallet.verified",
        "wallet.created",
    ]
    assert stored(app, made["id"]).credentials_version == 3


def test_a_network_that_does_not_say_leaves_the_wallet_as_it_is(
    app: Flask, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = an_active_wallet(merchant)
    monkeypatch.setattr(ScriptedNetwork, "diagnose", lambda _: [])
    answer = merchant.post(f"/wallets/{made['id']}/verify").json
    assert (answer["wallet"]["status"], answer["findings"]) == ("ACTIVE", [])
    assert answer["wallet"]["verifiedAt"] == made["verifiedAt"]


def test_an_answer_about_older_credentials_changes_nothing(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = a_wallet(merchant, given=credentials(apiKey=WRONG_KEY))
    path = f"/wallets/{made['id']}"
    diagnose = ScriptedNetwork.diagnose

    def replaced_meanwhile(network: ScriptedNetwork) -> Any:
        found = diagnose(network)
        assert merchant.put(f"{path}/credentials", {"credentials": credentials()}).status_code
        return found

    monkeypatch.setattr(ScriptedNetwork, "diagnose", replaced_meanwhile)
    answer = merchant.post(f"{path}/verify").json
    assert (answer["wallet"]["status"], answer["findings"][0]["code"]) == ("UNVERIFIED", "refused")


def test_a_disabled_wallet_stays_so(merchant: Merchant) -> None:
    made = an_active_wallet(merchant)
    path = f"/wallets/{made['id']}"
    first = merchant.post(f"{path}/disable").json
    assert (first["status"], merchant.post(f"{path}/disable").json) == ("DISABLED", first)
    refusal(merchant.post(f"{path}/verify"), 409, "wallet_disabled")
    body = {"credentials": credentials()}
    refusal(merchant.put(f"{path}/credentials", body), 409, "wallet_disabled")
    assert [action for action, _ in actions(merchant)].count("wallet.disabled") == 1


def test_the_database_lets_no_wallet_become_another(app: Flask, merchant: Merchant) -> None:
    made = an_active_wallet(merchant)
    merchant.post(f"/wallets/{made['id']}/disable")
    for change in (
        {"status": "ACTIVE", "disabled_at": None},
        {"provider": "OTHER"},
        {"credentials_version": 0},
        {"callback_token": "x"},
    ):
        with app.app_context(), pytest.raises(sa.exc.IntegrityError, match="never deleted or"):
            change_row(merchant, change)


def change_row(merchant: Merchant, change: dict[str, Any]) -> None:
    with transaction(merchant.tenant_id) as tx:
        tx.session.execute(sa.update(Wallet).values(**change))


def test_a_balance_is_the_networks_figure_beside_ours(app: Flask, merchant: Merchant) -> None:
    given = credentials()
    made = an_active_wallet(merchant, given=given)
    merchant.pay(walletId=made["id"], amount="7.50")
    merchant.pay(walletId=made["id"], amount="2.50")
    found = merchant.get(f"/wallets/{made['id']}/balance").json
    assert found["network"] == {"amount": "1000 payment", "currency": "ZMW"}
    assert found["ours"] == [{"currency": "ZMW", "paid": "0.00", "inFlight": "10.00"}]


@pytest.mark.parametrize("says", [None, Balance("1", "ZMW")])
def test_a_network_that_names_no_balance_is_told_as_that(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch, says: Balance | None
) -> None:
    made = a_wallet(merchant)
    monkeypatch.setattr(ScriptedNetwork, "balance", lambda *_: says)
    found = merchant.get(f"/wallets/{made['id']}/balance").json
    assert (found["network"] is None) == (says is None)
    assert found["ours"] == []


def test_an_adapter_is_made_once_for_a_version_of_the_credentials(
    app: Flask, merchant: Merchant
) -> None:
    made = an_active_wallet(merchant)
    before = len(scripts(app).made)
    for _ in range(3):
        merchant.get(f"/wallets/{made['id']}/balance")
    assert len(scripts(app).made) == before + 1
