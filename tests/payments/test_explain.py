"""Why is it pending: a sentence, the evidence, and whether a new attempt could charge twice."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.fakes import ScriptedNetwork, make_due, submit
from tests.support.given import (
    LONG,
    accept,
    ended,
    ending,
    in_state,
    look,
    never_landed,
    processing,
    to_be_sent_again,
    unconfirmed,
)
from tests.support.in_review import in_review
from tests.support.merchants import BASE, Merchant, answered
from zampay.payments.schemas import NEW_ATTEMPT, WAIT_UNTIL
from zampay.providers.contract import Declined, NotSent, Order, Submission
from zampay.providers.mtn.mapping import failure
from zampay.providers.sandbox import adapter as sandbox
from zampay.transfers import operator_actions
from zampay.transfers.models import Transfer
from zampay.transfers.operator_actions import Operator
from zampay.transfers.states import State

PEOPLE = Operator("Ann", "statement of 31 January", "Ben")
COULD_CHARGE_TWICE = "A new payment for the same order could charge twice."


def explained(merchant: Merchant, payment: Transfer) -> dict[str, Any]:
    answer = merchant.get(f"/payments/{payment.id}/explain", live=payment.livemode)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json
    return found


def decide(app: Flask, payment: Transfer, end: State) -> None:
    with app.app_context():
        operator_actions.resolve(transfer=payment, end=end, operator=PEOPLE)


def test_a_payment_just_accepted_is_about_to_be_sent(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    found = explained(merchant, accept(app, merchant))
    assert found["sentence"].startswith("We have accepted the payment")
    assert found["nextAction"] == "submit"
    assert (found["askedTimes"], found["networkSaid"]) == (0, None)
    assert found["newAttempt"] == "unsafe"


def test_while_the_prompt_is_open_the_merchant_waits_and_the_payer_gets_a_hint(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    found = explained(merchant, processing(app, merchant, network))
    assert found["status"] == "PROCESSING"
    assert "waiting for the payer" in found["sentence"]
    assert found["networkSaid"]["detail"] == "accepted (202)"
    assert found["newAttempt"] == "wait_until"
    assert found["waitUntil"] > found["askedAt"]
    assert "PIN" in found["payerHint"]


def test_the_time_of_wait_until_makes_nothing_safe_and_the_answer_says_so(
    app: Flask, client: FlaskClient, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = processing(app, merchant, network)
    found = explained(merchant, payment)
    again = f"Ask this question again at {found['waitUntil']}: that time makes nothing safe"
    assert f"{COULD_CHARGE_TWICE} {again}" in found["sentence"]
    make_due(app, payment.id, age=LONG)
    later = explained(merchant, payment)
    assert (later["newAttempt"], later["waitUntil"]) == ("unsafe", None)
    assert later["sentence"].endswith(COULD_CHARGE_TWICE)
    served = answered(client.get("/api/openapi.json")).json
    document = served["components"]["schemas"]["Explanation"]
    described = document["properties"]
    assert described["newAttempt"]["description"] == NEW_ATTEMPT
    assert "makes nothing safe by itself" in NEW_ATTEMPT
    assert described["waitUntil"]["description"] == WAIT_UNTIL


def test_after_the_time_of_the_prompt_nobody_is_told_to_look_for_it(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    for payment in (processing(app, merchant, network), unconfirmed(app, merchant, network)):
        before = explained(merchant, payment)
        make_due(app, payment.id, age=LONG)
        after = explained(merchant, payment)
        assert "PIN" in before["payerHint"]
        assert after["payerHint"] is None
        assert "have run out by now" in after["sentence"]
        assert "keep asking" in after["sentence"]
        for stale in ("is waiting for the payer", "valid for", "may be seeing"):
            assert stale not in after["sentence"]


def test_what_is_being_sent_has_no_prompt_and_no_word_of_the_network_yet(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = accept(app, merchant)
    seen: list[dict[str, Any]] = []

    def sending(_: Order) -> Submission:
        seen.append(explained(merchant, payment))
        return NotSent("too many requests (429)")

    network.submit_answers.append(sending)
    submit(app, payment)
    (found,) = seen
    assert found["sentence"].startswith("We are sending the payment")
    assert (found["payerHint"], found["networkSaid"]) == (None, None)
    in_state(app, payment, State.PENDING)
    assert explained(merchant, payment)["networkSaid"] is None


def test_in_doubt_it_says_so_and_puts_no_word_into_the_networks_mouth(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    found = explained(merchant, unconfirmed(app, merchant, network))
    assert "no clear answer" in found["sentence"]
    assert found["networkSaid"] is None
    assert found["newAttempt"] == "wait_until"


def test_what_the_network_answers_about_a_payment_is_its_word(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    unknown = explained(merchant, to_be_sent_again(app, merchant, network))
    assert "does not know the reference" in unknown["networkSaid"]["detail"]
    refused = accept(app, merchant)
    network.submit_answers.append(Declined(failure("PAYER_NOT_FOUND")))
    submit(app, refused)
    assert explained(merchant, refused)["networkSaid"]["detail"] == "refused by the network"
    paid = ended(app, merchant, network, "SUCCESSFUL")
    assert explained(merchant, paid)["networkSaid"]["detail"] == "the network says SUCCESSFUL"


@pytest.mark.parametrize(("end", "advice"), [("SUCCESSFUL", "unsafe"), ("FAILED", "safe")])
def test_only_a_failed_payment_may_be_tried_again(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, end: str, advice: str
) -> None:
    found = explained(merchant, ended(app, merchant, network, end))
    assert found["status"] == end
    assert found["newAttempt"] == advice
    assert found["nextAction"] is None


def test_an_end_is_told_on_the_word_of_whoever_named_it(
    app: Flask, client: FlaskClient, merchant: Merchant, network: ScriptedNetwork
) -> None:
    asked = ended(app, merchant, network, "SUCCESSFUL")
    called = processing(app, merchant, network)
    client.put(f"{BASE}/callbacks/mtn/{called.callback_token}", data=b"{}")
    network.poll_answers.append(ending("SUCCESSFUL"))
    look(app, called)
    for payment in (asked, called):
        assert explained(merchant, payment)["sentence"] == "MTN says that the money moved."
    declined = explained(merchant, ended(app, merchant, network, "FAILED"))
    assert declined["sentence"] == "The payment failed: The payer said no."


@pytest.mark.parametrize(
    ("end", "says"), [(State.SUCCESSFUL, "the money moved"), (State.FAILED, "no money moved")]
)
def test_what_the_operator_decided_is_not_told_as_the_networks_word(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, end: State, says: str
) -> None:
    payment = in_review(app, merchant, network)
    decide(app, payment, end)
    sentence = explained(merchant, payment)["sentence"]
    assert sentence.startswith(f"The gateway's operator has decided that {says}; the audit log")
    assert "MTN" not in sentence.partition(". ")[0]
    assert ("MTN is asked again" in sentence) is (end is State.FAILED)


def test_of_a_test_payment_nobody_is_told_that_money_moved(
    app: Flask, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "PAYS_AFTER", timedelta(0))
    payment = accept(app, merchant, live=False)
    assert explained(merchant, payment)["sentence"].startswith("Sandbox: We have accepted")
    submit(app, payment)
    look(app, payment)
    in_state(app, payment, State.SUCCESSFUL)
    sentence = explained(merchant, payment)["sentence"]
    assert sentence == "Sandbox: MTN would say that the money moved."


def test_in_review_for_its_figures_it_does_not_say_that_the_network_was_silent(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = in_review(app, merchant, network)
    for _ in range(2):
        found = explained(merchant, payment)
        assert "does not fit our books (amount, currency or id)" in found["sentence"]
        assert "has not said" not in found["sentence"]
        assert found["newAttempt"] == "unsafe"
        with app.app_context():
            operator_actions.close_discrepancies(transfer=payment, operator=PEOPLE)


def test_in_review_after_silence_it_says_so(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = processing(app, merchant, network)
    monkeypatch.setattr("zampay.transfers.states.REVIEW_AFTER", -LONG)
    network.poll_answers.append(ending("PENDING"))
    look(app, payment)
    in_state(app, payment, State.IN_REVIEW)
    found = explained(merchant, payment)
    assert found["sentence"].startswith("MTN has not said how the payment ended")
    assert found["payerHint"] is None


def test_a_failure_that_the_network_contradicts_is_not_safe_to_repeat(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = never_landed(app, merchant, network)
    network.poll_answers.append(ending("SUCCESSFUL"))
    look(app, payment)
    found = explained(merchant, payment)
    assert (found["status"], found["newAttempt"]) == ("FAILED", "unsafe")
    assert "MTN has said besides does not fit this" in found["sentence"]
    assert found["sentence"].endswith(COULD_CHARGE_TWICE)
    with app.app_context():
        assert operator_actions.close_discrepancies(transfer=payment, operator=PEOPLE) == 1
    found = explained(merchant, payment)
    assert "a person is looking" not in found["sentence"]
    assert found["newAttempt"] == "unsafe"
