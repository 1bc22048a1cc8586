"""Which wallet a payment goes through: named, the oldest active one, the deployment's, or none."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import ScriptedNetwork, stored
from tests.support.merchants import Answer, Merchant
from tests.support.refusals import refusal
from tests.support.round_trips import round_trips
from tests.support.wallets import WRONG_KEY, a_wallet, an_active_wallet, credentials
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.wallets import choosing
from zampay.wallets.models import Wallet

pytestmark = pytest.mark.usefixtures("network")


def through(app: Flask, answer: Answer) -> tuple[str, str]:
    """The wallet of a payment that was accepted, and why it is that one."""
    assert answer.status_code in {200, 202}, answer.json
    transfer = stored(app, answer.json["id"])
    return transfer.wallet_id, transfer.wallet_choice


@pytest.fixture
def unshared(app: Flask) -> None:
    app.config["SHARED_WALLETS"] = False


def test_without_a_wallet_of_ones_own_the_deployments_is_used_where_it_is_shared(
    app: Flask, merchant: Merchant
) -> None:
    assert through(app, merchant.pay()) == ("deployment", "shared")
    a_wallet(merchant)
    assert through(app, merchant.pay()) == ("deployment", "shared"), "nobody has verified it"


def test_without_any_wallet_there_is_no_payment(
    app: Flask, merchant: Merchant, unshared: None
) -> None:
    refusal(merchant.pay(), 422, "network_not_available")
    assert through(app, merchant.pay(live=False)) == ("deployment", "sandbox")
    own = an_active_wallet(merchant)
    assert through(app, merchant.pay()) == (own["id"], "own")


def test_a_network_where_the_deployment_has_no_wallet_takes_merchants_own(
    app: Flask, merchant: Merchant
) -> None:
    app.extensions["providers"] = {True: {}, False: app.extensions["providers"][False]}
    refusal(merchant.pay(), 422, "network_not_available")
    own = an_active_wallet(merchant)
    assert through(app, merchant.pay()) == (own["id"], "own")


def test_of_several_active_wallets_the_oldest_is_used(app: Flask, merchant: Merchant) -> None:
    made = [a_wallet(merchant) for _ in range(3)]
    for one in reversed(made[1:]):
        assert merchant.post(f"/wallets/{one['id']}/verify").status_code == 200
    for _ in range(3):
        assert through(app, merchant.pay()) == (made[1]["id"], "own")
    merchant.post(f"/wallets/{made[1]['id']}/disable")
    assert through(app, merchant.pay()) == (made[2]["id"], "own")
    merchant.post(f"/wallets/{made[2]['id']}/disable")
    assert through(app, merchant.pay()) == ("deployment", "shared")


def test_a_wallet_that_is_named_is_used(app: Flask, merchant: Merchant) -> None:
    _, second = an_active_wallet(merchant), an_active_wallet(merchant)
    assert through(app, merchant.pay(walletId=second["id"])) == (second["id"], "named")


@pytest.mark.parametrize("status", ["UNVERIFIED", "REFUSED", "DISABLED"])
def test_a_wallet_that_is_not_active_takes_nothing_although_it_is_named(
    merchant: Merchant, status: str
) -> None:
    made = a_wallet(merchant, given=credentials(apiKey=WRONG_KEY))
    if status != "UNVERIFIED":
        merchant.post(f"/wallets/{made['id']}/verify")
    if status == "DISABLED":
        merchant.post(f"/wallets/{made['id']}/disable")
    answer = merchant.pay(walletId=made["id"])
    refusal(answer, 409, "wallet_not_active")
    assert status in answer.json["detail"]


def test_strangers_wallets_are_like_none(app: Flask, merchant: Merchant, rival: Merchant) -> None:
    foreign = an_active_wallet(rival)
    for named in (
        foreign["id"],
        "wal_00000000000000000000000000",
        "deployment",
        "wal_1",
        "",
        "wal_\N{SNOWMAN}",
    ):
        refusal(merchant.pay(walletId=named), 404, "wallet_not_found")
    assert through(app, merchant.pay()) == ("deployment", "shared")
    own = an_active_wallet(merchant)
    refusal(merchant.pay(walletId=own["id"], live=False), 404, "wallet_not_found")


def test_the_code_alone_lets_nobody_choose_anothers_wallet(
    app: Flask, merchant: Merchant, rival: Merchant
) -> None:
    """Where row-level security hides nothing, the statement names the tenant."""
    foreign = an_active_wallet(rival)
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        for named in (None, foreign["id"]):
            given = choosing.arguments("MTN", named=named, livemode=True)
            row = tx.execute(choosing.STATEMENT, tenant_id=merchant.tenant_id, **given).fetchone()
            assert row is None or row.id == "deployment"


def test_a_wallet_of_another_network_is_told(app: Flask, merchant: Merchant) -> None:
    own = an_active_wallet(merchant)
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.text("ALTER TABLE wallets DISABLE TRIGGER keep_columns"))
        tx.session.execute(sa.update(Wallet).values(provider="OTHER"))
        tx.session.execute(sa.text("ALTER TABLE wallets ENABLE TRIGGER keep_columns"))
    answer = merchant.pay(walletId=own["id"])
    refusal(answer, 422, "validation_failed")
    assert answer.json["errors"][0]["field"] == "walletId"


def test_money_of_a_refused_wallet_does_not_go_to_the_deployments(
    app: Flask, merchant: Merchant
) -> None:
    own = an_active_wallet(merchant)
    wrong = {"credentials": credentials(apiKey=WRONG_KEY)}
    merchant.put(f"/wallets/{own['id']}/credentials", wrong)
    assert through(app, merchant.pay()) == (own["id"], "own")
    merchant.post(f"/wallets/{own['id']}/verify")
    refusal(merchant.pay(), 422, "network_not_available")
    merchant.put(f"/wallets/{own['id']}/credentials", {"credentials": credentials()})
    refusal(merchant.pay(), 422, "network_not_available")
    merchant.post(f"/wallets/{own['id']}/verify")
    assert through(app, merchant.pay()) == (own["id"], "own")


def test_the_same_request_is_a_replay_whatever_became_of_its_wallet(
    app: Flask, merchant: Merchant
) -> None:
    own = an_active_wallet(merchant)
    first = merchant.pay(externalId="order-w", walletId=own["id"])
    merchant.post(f"/wallets/{own['id']}/disable")
    again = merchant.pay(externalId="order-w", walletId=own["id"])
    assert (again.status_code, again.json["id"]) == (200, first.json["id"])
    refusal(merchant.pay(externalId="order-w"), 422, "external_id_reused")


def test_the_choice_costs_no_round_trip(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    own = an_active_wallet(merchant)
    merchant.pay()
    for named in (None, own["id"]):
        with round_trips() as made:
            assert through(app, merchant.pay(walletId=named))[0] == own["id"]
        assert made.count <= 3 + 3, "BEGIN, one statement, COMMIT; and the look of this test"


def test_the_explanation_says_which_wallet_and_why(merchant: Merchant) -> None:
    def explained(**changes: Any) -> tuple[str | None, str]:
        found = merchant.get(f"/payments/{merchant.pay(**changes).json['id']}/explain").json
        return found["walletId"], found["walletChoice"]

    assert explained() == (None, "shared")
    own = an_active_wallet(merchant)
    assert explained() == (own["id"], "own")
    assert explained(walletId=own["id"]) == (own["id"], "named")


def test_payments_are_found_by_their_wallet(merchant: Merchant, rival: Merchant) -> None:
    first, second = an_active_wallet(merchant), an_active_wallet(merchant)
    of_rival = an_active_wallet(rival)
    paid = {one["id"]: merchant.pay(walletId=one["id"]).json["id"] for one in (first, second)}
    rival.pay()

    def found(*wallets: str) -> set[str]:
        page = merchant.get("/payments", walletId=list(wallets)).json["data"]
        return {one["id"] for one in page}

    assert found(first["id"]) == {paid[first["id"]]}
    assert found(first["id"], second["id"]) == set(paid.values())
    assert found(of_rival["id"]) == set()
    refusal(merchant.get("/payments", walletId="deployment"), 422, "validation_failed")
