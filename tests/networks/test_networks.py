"""What is told of networks: what they take, whether they answer, and whom a number belongs to."""

from typing import Any

import pytest
from flask import Flask

from tests.infra.absent import redis_away
from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due
from tests.support.given import ended
from tests.support.merchants import Merchant
from tests.support.refusals import refusal
from tests.support.wallets import an_active_wallet, credentials, scripts
from zampay.networks import figures
from zampay.providers.contract import AccountName, NoAnswer, NotSent
from zampay.providers.failures import Failure, FailureCode
from zampay.transfers.concurrency import TROUBLE_AFTER

SET_UP = Failure(FailureCode.PROVIDER_REJECTED, "Refused.", "HTTP_401")


@pytest.fixture(autouse=True)
def counted_anew(network: ScriptedNetwork) -> None:
    figures.forget()


def told(merchant: Merchant, *, live: bool = True) -> Any:
    """What is said of the scripted network."""
    answer = merchant.get("/networks", live=live)
    assert answer.status_code == 200, answer.json
    [found] = [one for one in answer.json["data"] if one["provider"] == "MTN"]
    return found


def test_a_network_says_what_it_takes(merchant: Merchant) -> None:
    found = told(merchant)
    assert found["prefixes"] == ["096", "076", "056"]
    assert found["currencies"] == ["ZMW"]
    limits = {"kind": "payment", "minAmount": "0.01", "maxAmount": "1000000.00"}
    assert found["kinds"] == [limits]
    assert (found["livemode"], found["state"], found["since"]) == (True, "OPERATIONAL", None)
    assert found["lastHour"] == {"paidShare": None, "medianS": None}


def test_a_network_says_which_wallet_a_payment_would_go_through(
    app: Flask, merchant: Merchant, rival: Merchant
) -> None:
    def wallet(whose: Merchant, *, live: bool = True) -> tuple[Any, Any]:
        found = told(whose, live=live)
        return found["walletId"], found["walletChoice"]

    assert wallet(merchant) == (None, "shared")
    own = an_active_wallet(merchant)
    assert wallet(merchant) == (own["id"], "own")
    assert wallet(merchant, live=False) == (None, "sandbox")
    app.config["SHARED_WALLETS"] = False
    assert wallet(rival) == (None, None)


def test_the_last_hour_is_told_as_shares_once_enough_have_ended(
    app: Flask, merchant: Merchant, rival: Merchant, network: ScriptedNetwork
) -> None:
    for status in ["SUCCESSFUL"] * 3 + ["FAILED"]:
        ended(app, merchant, network, status)
    assert told(rival)["lastHour"]["paidShare"] is None
    ended(app, merchant, network, "SUCCESSFUL")
    assert told(rival)["lastHour"]["paidShare"] is None, "kept for a minute"
    figures.forget()
    hour = told(rival)["lastHour"]
    assert hour["paidShare"] == 0.8
    assert 0 <= hour["medianS"] < 60
    assert told(rival, live=False)["lastHour"]["paidShare"] is None


def trouble(
    app: Flask,
    merchant: Merchant,
    queue: HeldQueue,
    network: ScriptedNetwork,
    answer: NotSent | NoAnswer,
) -> None:
    """So many calls that come to nothing that the next ones pause."""
    if isinstance(answer, NotSent):
        network.submit_answers = [answer] * 100
    else:
        network.poll_answers = [answer] * 100
    for _ in range(TROUBLE_AFTER):
        payment = merchant.pay().json["id"]
        queue.run_all()
        if isinstance(answer, NoAnswer):
            make_due(app, payment)
            app.extensions["dispatcher"].sweep()


@pytest.mark.parametrize(
    ("answer", "state"), [(NotSent("down"), "DOWN"), (NoAnswer("timeout"), "DEGRADED")]
)
def test_a_network_that_does_not_answer_is_told_until_it_does(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    answer: NotSent | NoAnswer,
    state: str,
) -> None:
    with app.app_context():
        trouble(app, merchant, task_queue, network, answer)
    found = told(merchant)
    assert found["state"] == state
    assert found["since"] is not None
    with redis_away(app):
        assert told(merchant)["state"] == state, "the database knows"


def test_a_wallet_that_is_refused_does_not_make_its_network_look_down(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    given = credentials()
    an_active_wallet(merchant, given=given)
    script = scripts(app).of(given["apiUser"])
    with app.app_context():
        trouble(app, merchant, task_queue, script, NotSent("401", refused=SET_UP))
    assert told(merchant)["state"] == "OPERATIONAL"


def test_a_network_that_is_down_for_one_wallet_is_not_told_to_another(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    given = credentials()
    an_active_wallet(merchant, given=given)
    with app.app_context():
        trouble(app, merchant, task_queue, scripts(app).of(given["apiUser"]), NotSent("down"))
    assert (told(merchant)["state"], told(rival)["state"]) == ("DOWN", "OPERATIONAL")


def test_whom_a_number_belongs_to_is_asked_of_its_network(
    app: Flask, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        ScriptedNetwork, "account_name", lambda *_: AccountName("Mary B.", is_active=True)
    )
    found = merchant.get("/account-holders/0963123400")
    assert found.json == {"provider": "MTN", "active": True, "name": "Mary B."}
    in_test = merchant.get("/account-holders/0963123400", live=False)
    assert in_test.json == {"provider": "MTN", "active": None, "name": None}
    app.config["SHARED_WALLETS"] = False
    without = merchant.get("/account-holders/0963123400")
    assert (without.status_code, without.json["active"]) == (200, None)


def test_a_network_that_does_not_say_is_no_error(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedNetwork, "account_name", lambda *_: None)
    found = merchant.get("/account-holders/0963123400")
    assert (found.status_code, found.json["name"], found.json["active"]) == (200, None, None)


@pytest.mark.parametrize("number", ["123", "0123456789", "0983123400", "x"])
def test_a_number_of_no_network_here_is_told(merchant: Merchant, number: str) -> None:
    answer = merchant.get(f"/account-holders/{number}")
    refusal(answer, 422, "validation_failed")
    assert answer.json["errors"][0]["field"] == "msisdn"


def test_few_questions_a_minute_about_people(merchant: Merchant) -> None:
    statuses = [merchant.get("/account-holders/0963123400").status_code for _ in range(31)]
    assert statuses == [200] * 30 + [429]
