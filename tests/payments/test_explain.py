"""Why is it pending: a sentence, the evidence, and whether a new attempt could charge twice."""

import pytest
from flask import Flask

from tests.doors import HeldBells, ScriptedNetwork, make_due, report
from tests.merchants import Merchant
from zampay.infra.bell import Ring
from zampay.providers.contract import InDoubt
from zampay.providers.mtn.mapping import failure


def explained(merchant: Merchant, payment_id: str) -> dict[str, object]:
    answer = merchant.get(f"/payments/{payment_id}/explain")
    assert answer.status_code == 200
    return answer.json


def test_a_payment_just_accepted_is_about_to_be_sent(
    merchant: Merchant, network: ScriptedNetwork
) -> None:
    found = explained(merchant, merchant.pay().json["id"])
    assert found["sentence"].startswith("We have accepted the payment")
    assert found["nextAction"] == "submit"
    assert (found["askedTimes"], found["networkSaid"]) == (0, None)
    assert found["newAttempt"] == "unsafe"


def test_while_the_prompt_is_open_the_merchant_waits_and_the_payer_gets_a_hint(
    merchant: Merchant, bells: HeldBells, network: ScriptedNetwork
) -> None:
    payment_id = merchant.pay().json["id"]
    bells.hear_all()
    found = explained(merchant, payment_id)
    assert found["status"] == "PROCESSING"
    assert found["networkSaid"]["detail"] == "accepted (202)"
    assert found["newAttempt"] == "wait_until"
    assert found["waitUntil"] > found["askedAt"]
    assert "PIN" in found["payerHint"]


def test_in_doubt_it_says_so(
    merchant: Merchant, bells: HeldBells, network: ScriptedNetwork
) -> None:
    network.submit_answers = [InDoubt("no answer: ReadTimeout")]
    payment_id = merchant.pay().json["id"]
    bells.hear_all()
    found = explained(merchant, payment_id)
    assert "no clear answer" in found["sentence"]
    assert "ReadTimeout" in found["networkSaid"]["detail"]
    assert found["newAttempt"] == "wait_until"


@pytest.mark.parametrize(("ending", "advice"), [("SUCCESSFUL", "unsafe"), ("FAILED", "safe")])
def test_only_a_failed_payment_may_be_tried_again(
    app: Flask,
    merchant: Merchant,
    bells: HeldBells,
    network: ScriptedNetwork,
    ending: str,
    advice: str,
) -> None:
    network.enquiry_answers = [
        report(ending, failure=failure("EXPIRED") if ending == "FAILED" else None)
    ]
    payment_id = merchant.pay().json["id"]
    bells.hear_all()
    make_due(app, payment_id)
    bells.hear(an_enquiry(merchant, payment_id))
    found = explained(merchant, payment_id)
    assert found["status"] == ending
    assert found["newAttempt"] == advice
    assert found["nextAction"] is None


def an_enquiry(merchant: Merchant, payment_id: str) -> Ring:
    return Ring("payments.enquire", {"payment_id": payment_id, "tenant_id": merchant.tenant_id})
