"""Why is it pending: a sentence, the evidence, and whether a new attempt could charge twice."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.explanations import explanation, reason
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
from zampay.payments.reasons import Note, Reason
from zampay.payments.schemas import NEW_ATTEMPT, WAIT_UNTIL
from zampay.providers.contract import Declined, NotSent, Order, Submission
from zampay.providers.mtn.mapping import failure
from zampay.providers.sandbox import adapter as sandbox
from zampay.transfers import operator_actions
from zampay.transfers.models import Transfer
from zampay.transfers.operator_actions import Operator
from zampay.transfers.states import State

PEOPLE = Operator("Ann", "statement of 31 January", "Ben")


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
    payment = accept(app, merchant)
    found = explained(merchant, payment)
    assert reason(app, payment) is Reason.ABOUT_TO_SEND
    assert found["nextAction"] == "submit"
    assert (found["askedTimes"], found["networkSaid"]) == (0, None)
    assert found["newAttempt"] == "unsafe"


def test_while_the_prompt_is_open_the_merchant_waits_and_the_payer_gets_a_hint(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = processing(app, merchant, network)
    found = explained(merchant, payment)
    assert found["status"] == "PROCESSING"
    assert reason(app, payment) is Reason.WAITING_FOR_PAYER
    assert found["networkSaid"]["detail"] == "accepted (202)"
    assert found["newAttempt"] == "wait_until"
    assert found["waitUntil"] > found["askedAt"]
    assert "PIN" in found["payerHint"]


def test_the_time_of_wait_until_makes_nothing_safe_and_the_answer_says_so(
    app: Flask, client: FlaskClient, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = processing(app, merchant, network)
    found = explained(merchant, payment)
    assert f"again at {found['waitUntil']}" in found["sentence"]
    make_due(app, payment.id, age=LONG)
    later = explained(merchant, payment)
    assert (later["newAttempt"], later["waitUntil"]) == ("unsafe", None)
    served = answered(client.get("/api/openapi.json")).json
    document = served["components"]["schemas"]["Explanation"]
    described = document["properties"]
    assert described["newAttempt"]["description"] == NEW_ATTEMPT
    assert "makes nothing safe by itself" in NEW_ATTEMPT
    assert described["waitUntil"]["description"] == WAIT_UNTIL


def test_after_the_time_of_the_prompt_nobody_is_told_to_look_for_it(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    for payment, over in (
        (processing(app, merchant, network), Reason.PROMPT_OVER),
        (unconfirmed(app, merchant, network), Reason.NO_CLEAR_ANSWER_AND_PROMPT_OVER),
    ):
        before = explained(merchant, payment)
        make_due(app, payment.id, age=LONG)
        after = explained(merchant, payment)
        assert "PIN" in before["payerHint"]
        assert after["payerHint"] is None
        assert reason(app, payment) is over


@pytest.mark.parametrize(
    ("blocks_for", "reads", "is_prompted"),
    [
        (timedelta(0), Reason.SENDING, False),
        (timedelta(minutes=2), Reason.ASKING_PAYER, True),
    ],
)
def test_what_is_being_sent_has_no_word_of_the_network_yet_and_a_prompt_where_the_call_waits_for_it(
    app: Flask,
    merchant: Merchant,
    network: ScriptedNetwork,
    blocks_for: timedelta,
    reads: Reason,
    *,
    is_prompted: bool,
) -> None:
    network.may(blocks_for=blocks_for)
    payment = accept(app, merchant)
    seen: list[tuple[dict[str, Any], Reason]] = []

    def sending(_: Order) -> Submission:
        seen.append((explained(merchant, payment), reason(app, payment)))
        return NotSent("too many requests (429)")

    network.submit_answers.append(sending)
    submit(app, payment)
    ((found, said),) = seen
    assert said is reads
    assert (found["payerHint"] is not None, found["networkSaid"]) == (is_prompted, None)
    in_state(app, payment, State.PENDING)
    assert explained(merchant, payment)["networkSaid"] is None


def test_in_doubt_it_says_so_and_puts_no_word_into_the_networks_mouth(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = unconfirmed(app, merchant, network)
    found = explained(merchant, payment)
    assert reason(app, payment) is Reason.NO_CLEAR_ANSWER
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
        assert reason(app, payment) is Reason.NETWORK_SAYS_SUCCESSFUL
    assert reason(app, ended(app, merchant, network, "FAILED")) is Reason.FAILED


@pytest.mark.parametrize(
    ("end", "says", "notes"),
    [
        (State.SUCCESSFUL, Reason.OPERATOR_SAYS_SUCCESSFUL, ()),
        (State.FAILED, Reason.OPERATOR_SAYS_FAILED, (Note.ASKED_AGAIN,)),
    ],
)
def test_what_the_operator_decided_is_not_told_as_the_networks_word(
    app: Flask,
    merchant: Merchant,
    network: ScriptedNetwork,
    end: State,
    says: Reason,
    notes: tuple[Note],
) -> None:
    payment = in_review(app, merchant, network)
    decide(app, payment, end)
    found = explanation(app, payment)
    assert (found.reason, found.notes) == (says, notes)


def test_of_a_test_payment_nobody_is_told_that_money_moved(
    app: Flask, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "PAYS_AFTER", timedelta(0))
    payment = accept(app, merchant, live=False)
    assert explained(merchant, payment)["sentence"].startswith("Sandbox: ")
    submit(app, payment)
    look(app, payment)
    in_state(app, payment, State.SUCCESSFUL)
    assert reason(app, payment) is Reason.SANDBOX_SAYS_SUCCESSFUL


def test_in_review_for_its_figures_it_does_not_say_that_the_network_was_silent(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = in_review(app, merchant, network)
    for _ in range(2):
        assert reason(app, payment) is Reason.DOES_NOT_FIT
        assert explained(merchant, payment)["newAttempt"] == "unsafe"
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
    assert reason(app, payment) is Reason.NETWORK_SILENT
    assert found["payerHint"] is None


def test_a_failure_that_the_network_contradicts_is_not_safe_to_repeat(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = never_landed(app, merchant, network)
    network.poll_answers.append(ending("SUCCESSFUL"))
    look(app, payment)
    found = explained(merchant, payment)
    assert (found["status"], found["newAttempt"]) == ("FAILED", "unsafe")
    assert Note.CONTRADICTED_SINCE in explanation(app, payment).notes
    with app.app_context():
        assert operator_actions.close_discrepancies(transfer=payment, operator=PEOPLE) == 1
    assert Note.CONTRADICTED_SINCE not in explanation(app, payment).notes
    assert explained(merchant, payment)["newAttempt"] == "unsafe"


def test_sentences_are_these_words(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    """The only test of words: of each part that a sentence is made of, one."""
    asked = processing(app, merchant, network)
    decided = in_review(app, merchant, network)
    decide(app, decided, State.FAILED)
    until = explained(merchant, asked)["waitUntil"]
    again_at = explained(merchant, decided)["nextActionAt"]
    shown = [
        explained(merchant, payment)["sentence"]
        for payment in (
            accept(app, merchant, live=False),
            asked,
            ended(app, merchant, network, "SUCCESSFUL"),
            ended(app, merchant, network, "FAILED"),
            decided,
        )
    ]
    charge = "A new payment for the same order could charge twice."
    assert shown == [
        f"Sandbox: We have accepted the payment and are about to send it to MTN. {charge}",
        (
            "MTN has the payment and is waiting for the payer to approve it on the phone; the "
            f"prompt is valid for about 5 minutes. {charge} Ask this question again at {until}: "
            "that time makes nothing safe by itself."
        ),
        "MTN says that the money moved.",
        "The payment failed: The payer said no.",
        (
            "The gateway's operator has decided that no money moved; the audit log has the reason. "
            f"Networks have taken such an ending back: MTN is asked again at {again_at}. {charge}"
        ),
    ]
