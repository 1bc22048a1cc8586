"""A test payment ends as its merchant asks, by the same transition as any; a live one never."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.explanations import reason
from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due, poll, stored
from tests.support.given import accept
from tests.support.merchants import Merchant
from tests.support.refusals import refusal, wrong_fields
from tests.support.rows import events, history, path, seconds_until_due
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.providers.failures import FailureCode
from zampay.providers.sandbox import adapter as sandbox
from zampay.transfers import invariants
from zampay.transfers.traces import Transition


def finish(
    merchant: Merchant, payment_id: str, status: str, *, live: bool = False, **more: Any
) -> Any:
    body = {"status": status, **more}
    return merchant.post(f"/test/payments/{payment_id}/finish", body, live=live)


def shown(merchant: Merchant, payment_id: str) -> Any:
    return merchant.get(f"/payments/{payment_id}", live=False).json


@pytest.mark.parametrize("status", ["SUCCESSFUL", "FAILED", "IN_REVIEW"])
@pytest.mark.parametrize("before", ["PENDING", "PROCESSING"])
def test_a_test_payment_ends_as_asked_with_its_history_and_event(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, status: str, before: str
) -> None:
    payment = accept(app, merchant, live=False)
    if before == "PROCESSING":
        task_queue.run_all()
    assert stored(app, payment.id).state == before
    for _ in range(2):
        answer = finish(merchant, payment.id, status)
        assert (answer.status_code, answer.json["status"]) == (200, status)
        assert answer.json == shown(merchant, payment.id)
    last = merchant.get(f"/payments/{payment.id}/events", live=False).json["data"][-1]
    assert (last["status"], last["evidence"]) == (status, "test")
    assert path(app, payment.id).count(status) == 1
    assert events(app, payment.id)[-1].type == f"payment.{status.lower()}"
    explained = merchant.get(f"/payments/{payment.id}/explain", live=False).json
    assert reason(app, payment) == f"test_says_{status.lower()}"
    assert explained["networkSaid"] is None or explained["networkSaid"]["evidence"] != "test"


def test_it_fails_for_the_reason_that_is_asked_for(app: Flask, merchant: Merchant) -> None:
    for code in FailureCode:
        payment = accept(app, merchant, live=False)
        failure = finish(merchant, payment.id, "FAILED", failureCode=str(code)).json["failure"]
        assert failure["code"] == str(code)
        assert (failure["providerCode"], failure["retry"]) == (None, "safe")


@pytest.mark.parametrize("end", ["SUCCESSFUL", "FAILED"])
def test_review_is_ended_by_a_second_call(app: Flask, merchant: Merchant, end: str) -> None:
    payment = accept(app, merchant, live=False)
    finish(merchant, payment.id, "IN_REVIEW")
    assert finish(merchant, payment.id, end).json["status"] == end
    assert path(app, payment.id) == ["PENDING", "IN_REVIEW", end]


ILLEGAL = [
    ({"status": "SUCCESSFUL"}, {"status": "FAILED"}),
    ({"status": "SUCCESSFUL"}, {"status": "IN_REVIEW"}),
    ({"status": "FAILED"}, {"status": "SUCCESSFUL"}),
    ({"status": "FAILED"}, {"status": "IN_REVIEW"}),
    (
        {"status": "FAILED", "failureCode": "payer_declined"},
        {"status": "FAILED", "failureCode": "limit_exceeded"},
    ),
]


@pytest.mark.parametrize(("first", "second"), ILLEGAL, ids=str)
def test_final_is_final(
    app: Flask, merchant: Merchant, first: dict[str, Any], second: dict[str, Any]
) -> None:
    payment = accept(app, merchant, live=False)
    before = finish(merchant, payment.id, **first).json
    refusal(finish(merchant, payment.id, **second), 409, "not_finishable")
    assert shown(merchant, payment.id) == before


def test_a_payment_that_the_sandbox_ended_is_not_ended_again(
    app: Flask, merchant: Merchant, task_queue: HeldQueue
) -> None:
    payment = accept(app, merchant, live=False, msisdn="0963123458")
    task_queue.run_all()
    assert finish(merchant, payment.id, "FAILED").json["failure"]["code"] == "provider_rejected"
    refusal(finish(merchant, payment.id, "SUCCESSFUL"), 409, "not_finishable")


WRONG: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"status"}),
    ({"status": "PENDING"}, {"status"}),
    ({"status": "PROCESSING"}, {"status"}),
    ({"status": "successful"}, {"status"}),
    ({"status": None}, {"status"}),
    ({"status": "SUCCESSFUL", "failureCode": "payer_declined"}, {"failureCode"}),
    ({"status": "IN_REVIEW", "failureCode": "payer_declined"}, {"failureCode"}),
    ({"status": "FAILED", "failureCode": "bad_luck"}, {"failureCode"}),
    ({"status": "FAILED", "failureCode": None}, {"failureCode"}),
    ({"status": "FAILED", "reason": "none"}, {"reason"}),
]


@pytest.mark.parametrize(("body", "wrong"), WRONG, ids=str)
def test_what_is_no_ending_is_refused(
    app: Flask, merchant: Merchant, body: dict[str, Any], wrong: set[str]
) -> None:
    payment = accept(app, merchant, live=False)
    answer = merchant.post(f"/test/payments/{payment.id}/finish", body, live=False)
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == wrong
    assert stored(app, payment.id).state == "PENDING"


def test_a_live_payment_is_ended_by_no_call(
    app: Flask, merchant: Merchant, rival: Merchant, network: ScriptedNetwork
) -> None:
    live, test = accept(app, merchant), accept(app, merchant, live=False)
    refusal(finish(merchant, live.id, "SUCCESSFUL", live=True), 403, "test_key_needed")
    for key, payment in ((True, test), (False, live)):
        answer = finish(merchant, payment.id, "SUCCESSFUL", live=key)
        refusal(answer, 404, "payment_not_found")
    refusal(finish(rival, test.id, "SUCCESSFUL"), 404, "payment_not_found")
    assert {stored(app, one.id).state for one in (live, test)} == {"PENDING"}


@pytest.mark.parametrize("status", ["SUCCESSFUL", "FAILED", "IN_REVIEW"])
@pytest.mark.parametrize("number", ["0963123400", "0963123451", "0963123475"])
def test_the_sandbox_does_not_contradict_what_a_call_has_ended(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
    number: str,
) -> None:
    """Also where the call came while the payment was being sent: an answer makes a row due."""
    monkeypatch.setattr(sandbox, "PAYS_AFTER", timedelta(0))
    payment = accept(app, merchant, live=False, msisdn=number)
    finish(merchant, payment.id, status)
    task_queue.run_all()
    make_due(app, payment.id)
    poll(app, payment)
    assert shown(merchant, payment.id)["status"] == status
    due_s = seconds_until_due(app, payment.id)
    assert due_s is not None and due_s > 3600 if status == "IN_REVIEW" else due_s is None


def test_no_invariant_is_broken_by_a_test_call(app: Flask, merchant: Merchant) -> None:
    finish(merchant, accept(app, merchant, live=False).id, "SUCCESSFUL")
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        found = invariants.count(tx.session.connection(), of_the_last_hours=True)
    assert set(found.values()) == {0}


@pytest.mark.parametrize("evidence", ["test", "hearsay"])
def test_a_live_payment_that_a_test_call_paid_would_break_one(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, evidence: str
) -> None:
    payment = accept(app, merchant)
    line = Transition(
        transfer_id=payment.id,
        position=2,
        tenant_id=payment.tenant_id,
        source="PENDING",
        target="SUCCESSFUL",
        evidence=evidence,
        detail="forged",
    )
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.add(line)
        tx.session.flush()
        found = invariants.count(tx.session.connection(), of_the_last_hours=True)
        tx.session.rollback()
    assert found["paid_without_evidence"] == 1


def test_a_payment_goes_to_review_by_itself_for_one_number(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "PAYS_AFTER", timedelta(0))
    payment = accept(app, merchant, live=False, msisdn="0963123475")
    task_queue.run_all()
    make_due(app, payment.id)
    poll(app, payment)
    last = history(app, payment.id)[-1]
    assert (last.target, last.evidence) == ("IN_REVIEW", "enquiry")
    assert finish(merchant, payment.id, "SUCCESSFUL").json["status"] == "SUCCESSFUL"


def test_the_sandbox_is_asked_again_when_it_has_something_to_say(
    app: Flask, merchant: Merchant, task_queue: HeldQueue
) -> None:
    payment = accept(app, merchant, live=False, msisdn="0963123454")
    task_queue.run_all()
    make_due(app, payment.id)
    poll(app, payment)
    row = stored(app, payment.id)
    assert row.due_at is not None
    assert 19 < (row.due_at - row.created_at).total_seconds() < 21
