"""Why is it pending: a sentence, the evidence, and whether a new attempt could charge twice."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.doors import ScriptedNetwork, make_due
from tests.merchants import Merchant
from tests.payments.scenes import (
    LONG,
    accept,
    ended,
    processing,
    unconfirmed,
)
from zampay.payments.models import Payment
from zampay.payments.resolution import Operator
from zampay.payments.schemas import NEW_ATTEMPT, WAIT_UNTIL

PEOPLE = Operator("Ann", "statement of 31 January", "Ben")
COULD_CHARGE_TWICE = "A new payment for the same order could charge twice."


def explained(merchant: Merchant, payment: Payment) -> dict[str, Any]:
    answer = merchant.get(f"/payments/{payment.id}/explain", live=payment.livemode)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json
    return found


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
    document = client.get("/api/openapi.json").json["components"]["schemas"]["ExplanationView"]
    described = document["properties"]
    assert described["newAttempt"]["description"] == NEW_ATTEMPT
    assert "makes nothing safe by itself" in NEW_ATTEMPT
    assert described["waitUntil"]["description"] == WAIT_UNTIL


def test_in_doubt_it_says_so(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> None:
    found = explained(merchant, unconfirmed(app, merchant, network))
    assert "no clear answer" in found["sentence"]
    assert found["newAttempt"] == "wait_until"


@pytest.mark.parametrize(("end", "advice"), [("SUCCESSFUL", "unsafe"), ("FAILED", "safe")])
def test_only_a_failed_payment_may_be_tried_again(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, end: str, advice: str
) -> None:
    found = explained(merchant, ended(app, merchant, network, end))
    assert found["status"] == end
    assert found["newAttempt"] == advice
    assert found["nextAction"] is None
