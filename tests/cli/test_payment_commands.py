"""What an operator does with a payment: see it, ask again, decide it with another's consent."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.commands import run
from tests.support.fakes import HeldQueue, ScriptedNetwork, stored
from tests.support.given import accept, ended, ending, processing
from tests.support.in_review import in_review
from tests.support.merchants import BASE, Merchant
from tests.support.rows import discrepancies, events, history, path
from tests.support.two_operators import act, decide, founders, propose
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.transfers.models import Transfer
from zampay.transfers.traces import Callback

WHY = ("--operator", "Ann", "--reason", "statement of 31 January")


def actions(merchant: Merchant) -> list[dict[str, Any]]:
    lines = merchant.get("/audit-log").json["data"]
    return [line for line in lines if line["actor"].startswith("operator:")]


def test_a_payment_is_shown_with_its_history_and_without_the_number(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = in_review(app, merchant, network)
    shown = run(app, "payment", "show", payment.id)
    assert shown.exit_code == 0
    for wanted in ("IN_REVIEW", "12.50 ZMW", "26096•••3400", "OPEN figures_differ", "enquiry"):
        assert wanted in shown.output
    assert payment.msisdn not in shown.output
    assert payment.callback_token not in shown.output


def listed(app: Flask, *options: str) -> list[str]:
    """The ids that `payment list` shows, in its order."""
    result = run(app, "payment", "list", *options)
    assert result.exit_code == 0, result.output
    return [line.split()[0] for line in result.output.splitlines() if line.startswith("pay_")]


def test_payments_of_every_merchant_are_listed_by_what_ails_them(
    app: Flask, merchant: Merchant, rival: Merchant, network: ScriptedNetwork
) -> None:
    paid = ended(app, rival, network, "SUCCESSFUL").id
    waiting = processing(app, rival, network).id
    reviewed = in_review(app, merchant, network).id
    test = accept(app, merchant, live=False).id
    assert listed(app) == [test, reviewed, waiting, paid]
    assert listed(app, "--oldest-first", "--live") == [paid, waiting, reviewed]
    assert listed(app, "--test") == [test]
    assert listed(app, "--open") == [test, reviewed, waiting]
    assert listed(app, "--state", "IN_REVIEW") == [reviewed]
    assert listed(app, "--state", "SUCCESSFUL") == [paid]
    assert listed(app, "--discrepancies", "--open") == [reviewed]
    ann, ben = founders(app)
    act(app, ben, "payment", "approve", propose(app, ann, "close-discrepancies", reviewed))
    assert listed(app, "--discrepancies") == []


def test_a_list_says_that_there_is_nothing_and_that_there_is_more(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    assert run(app, "payment", "list").output.endswith("\nThere is none.\n")
    payments = [accept(app, merchant).id for _ in range(3)]
    cut = run(app, "payment", "list", "--limit", "2").output
    assert f"{payments[2]}  PENDING      live  " in cut
    assert payments[0] not in cut
    assert cut.endswith("\nThere are more than these 2: --limit shows them.\n")
    whole = run(app, "payment", "list", "--limit", "3").output
    assert whole.splitlines()[-1].startswith(payments[0])
    assert merchant.tenant_id in whole


def test_a_payment_is_shown_with_its_order_its_merchant_and_its_webhooks(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    merchant.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/hooks"})
    failed = ended(app, merchant, network, "FAILED")
    shown = run(app, "payment", "show", failed.id).output
    for wanted in (failed.external_id, "Kalulu Books", "webhook payment.failed to whe_"):
        assert wanted in shown
    assert "owed work" not in shown
    waiting = run(app, "payment", "show", accept(app, merchant).id).output
    assert "owed work at" in waiting
    assert "webhooks: none" in waiting


def test_a_poll_by_the_operator_comes_now_whatever_was_planned(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = processing(app, merchant, network)
    network.poll_answers.append(ending("SUCCESSFUL"))
    result = run(app, "payment", "poll", payment.id, "--operator", "Ann")
    assert result.output.endswith("PROCESSING -> SUCCESSFUL\n")
    assert path(app, payment.id)[-1] == "SUCCESSFUL"
    assert [action["action"] for action in actions(merchant)] == ["payment.polled"]


def test_what_was_never_sent_cannot_be_asked_about(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = accept(app, merchant)
    result = run(app, "payment", "poll", payment.id, "--operator", "Ann")
    assert (result.exit_code, network.polls) == (1, [])
    assert actions(merchant) == []


@pytest.mark.parametrize("end", ["SUCCESSFUL", "FAILED"])
def test_two_people_end_a_payment_in_review(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, end: str
) -> None:
    payment = in_review(app, merchant, network)
    given = ("--transaction-id", "1884710816") if end == "SUCCESSFUL" else ()
    result = decide(app, payment.id, end, *given)
    assert result.exit_code == 0, result.output
    last = history(app, payment.id)[-1]
    assert (last.source, last.target, last.evidence) == ("IN_REVIEW", end, "operator")
    assert "statement of 31 January" in last.detail
    assert events(app, payment.id)[-1].type == f"payment.{end.lower()}"
    action = actions(merchant)[0]
    assert (action["action"], action["actor"], action["subject"]) == (
        "payment.resolved",
        "operator:ann",
        payment.id,
    )
    assert action["details"] == {
        "status": end,
        "reason": "statement of 31 January",
        "second": "ben",
        "providerTransactionId": given[1] if given else None,
    }
    assert all(one.resolved_at for one in discrepancies(app, payment.id))


def test_a_decision_is_final(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, task_queue: HeldQueue
) -> None:
    payment = in_review(app, merchant, network)
    ann, ben = founders(app)
    first = propose(app, ann, "resolve", payment.id, "FAILED")
    other = propose(app, ann, "resolve", payment.id, "SUCCESSFUL")
    assert act(app, ben, "payment", "approve", first).exit_code == 0
    again = act(app, ben, "payment", "approve", other)
    assert again.exit_code == 1
    assert stored(app, payment.id).state == "FAILED"
    network.poll_answers.append(ending("SUCCESSFUL"))
    run(app, "payment", "poll", payment.id, "--operator", "Ann")
    assert stored(app, payment.id).state == "FAILED"
    assert [one.kind for one in discrepancies(app, payment.id) if not one.resolved_at] == [
        "contrary_ending"
    ]


def test_only_a_payment_in_review_can_be_decided(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    ann, _ = founders(app)
    for payment in (
        accept(app, merchant),
        processing(app, merchant, network),
        ended(app, merchant, network, "FAILED"),
    ):
        before = stored(app, payment.id)
        result = act(app, ann, "payment", "resolve", payment.id, "SUCCESSFUL", *WHY)
        assert result.exit_code == 1
        assert stored(app, payment.id).state == before.state


def test_replayed_callbacks_are_looked_at_again(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    network: ScriptedNetwork,
    task_queue: HeldQueue,
) -> None:
    payment = processing(app, merchant, network)
    untouched = processing(app, merchant, network)
    client.put(f"{BASE}/callbacks/mtn/{payment.callback_token}", data=b"{}")
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.update(Callback).values(processed_at=sa.func.now()))
        later = sa.func.now() + sa.text("interval '1 hour'")
        tx.session.execute(sa.update(Transfer).values(due_at=later))
    task_queue.lose_all()
    early = run(app, "callbacks", "replay", "--since", "2999-01-01", *WHY)
    assert early.output.endswith(" 0.\n")
    result = run(app, "callbacks", "replay", "--since", "2020-01-31T12:00:00Z", *WHY)
    assert result.output.endswith(" 1.\n")
    network.poll_answers.append(ending("SUCCESSFUL"))
    task_queue.run_all()
    assert history(app, payment.id)[-1].evidence == "callback"
    assert stored(app, untouched.id).state == "PROCESSING"
    assert [action["action"] for action in actions(merchant)] == ["callbacks.replayed"]


@pytest.mark.parametrize("command", [("show",), ("poll", "--operator", "Ann")])
def test_a_payment_that_does_not_exist_is_an_error(app: Flask, command: tuple[str, ...]) -> None:
    name, *options = command
    result = run(app, "payment", name, "pay_" + "0" * 26, *options)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
