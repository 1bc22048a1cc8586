"""Two people means two: each is proven by a token, and nobody alone decides about live money."""

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.cli.test_payment_commands import actions
from tests.support.commands import run
from tests.support.fakes import ScriptedNetwork, make_due, poll, result, stored
from tests.support.in_review import in_review
from tests.support.merchants import Merchant
from tests.support.rows import discrepancies, seconds_until_due
from tests.support.two_operators import REASON, act, add, decide, founders, propose
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.providers.contract import Order, PollAnswer
from zampay.transfers.models import Transfer

HOUR_S = 3600
NOBODYS = "zpo_" + "0" * 40


def test_nobody_alone_decides_about_live_money(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = in_review(app, merchant, network)
    ann, ben = founders(app)
    proposal = propose(app, ann, "resolve", payment.id, "SUCCESSFUL")
    for token, why in ((ann, "Another operator"), ("", "OPERATOR_TOKEN"), (NOBODYS, "no active")):
        refused = act(app, token, "payment", "approve", proposal)
        assert (refused.exit_code, why in refused.output) == (1, True)
    assert stored(app, payment.id).state == "IN_REVIEW"
    assert act(app, ben, "payment", "approve", proposal).exit_code == 0
    assert stored(app, payment.id).state == "SUCCESSFUL"
    assert "ben has approved it already" in act(app, ben, "payment", "approve", proposal).output
    assert [(action["action"], action["actor"]) for action in actions(merchant)] == [
        ("payment.resolved", "operator:ann"),
        ("payment.decision_proposed", "operator:ann"),
    ]
    assert actions(merchant)[0]["details"]["second"] == "ben"


@pytest.mark.parametrize(
    "action", [("resolve", "SUCCESSFUL"), ("resolve", "FAILED"), ("close-discrepancies",)]
)
def test_a_name_that_is_only_typed_decides_nothing(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, action: tuple[str, ...]
) -> None:
    payment = in_review(app, merchant, network)
    founders(app)
    command, *end = action
    why = ("--operator", "eve", "--reason", REASON)
    assert run(app, "payment", command, payment.id, *end, *why).exit_code == 1
    assert run(app, "payment", command, payment.id, *end, *why, "--second", "ben").exit_code == 2
    assert stored(app, payment.id).state == "IN_REVIEW"
    assert [one.resolved_at for one in discrepancies(app, payment.id)] == [None]


def test_closing_a_live_discrepancy_takes_two(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = in_review(app, merchant, network)
    ann, ben = founders(app)
    proposal = propose(app, ann, "close-discrepancies", payment.id)
    assert proposal in run(app, "payment", "proposals").output
    assert act(app, ann, "payment", "approve", proposal).exit_code == 1
    assert [one.resolved_at for one in discrepancies(app, payment.id)] == [None]
    assert act(app, ben, "payment", "approve", proposal).exit_code == 0
    assert all(one.resolved_at for one in discrepancies(app, payment.id))
    assert stored(app, payment.id).state == "IN_REVIEW"


def test_a_proposal_expires(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> None:
    payment = in_review(app, merchant, network)
    ann, ben = founders(app)
    proposal = propose(app, ann, "resolve", payment.id, "FAILED")
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        for statement in (
            "ALTER TABLE proposals DISABLE TRIGGER USER",
            "UPDATE proposals SET expires_at = now()",
            "ALTER TABLE proposals ENABLE TRIGGER USER",
        ):
            tx.session.execute(sa.text(statement))
    assert run(app, "payment", "proposals").output == ""
    refused = act(app, ben, "payment", "approve", proposal)
    assert (refused.exit_code, "expired" in refused.output) == (1, True)
    assert stored(app, payment.id).state == "IN_REVIEW"


def another_word(app: Flask, payment: Transfer, network: ScriptedNetwork) -> None:
    """The network says of a payment in review what it has not said before."""
    network.poll_answers.append(result("SUCCESSFUL", amount="2.00"))
    make_due(app, payment.id)
    poll(app, stored(app, payment.id))


@pytest.mark.parametrize("action", [("resolve", "SUCCESSFUL"), ("close-discrepancies",)])
def test_what_came_after_a_proposal_is_not_decided_by_it(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, action: tuple[str, ...]
) -> None:
    """Nobody has looked at it: neither who proposed, nor, perhaps, who approves."""
    payment = in_review(app, merchant, network)
    ann, ben = founders(app)
    command, *end = action
    proposal = propose(app, ann, command, payment.id, *end)
    another_word(app, payment, network)
    refused = act(app, ben, "payment", "approve", proposal)
    assert (refused.exit_code, "changed since" in refused.output) == (1, True)
    assert stored(app, payment.id).state == "IN_REVIEW"
    assert [one.resolved_at for one in discrepancies(app, payment.id)] == [None, None]
    anew = propose(app, ann, command, payment.id, *end)
    assert act(app, ben, "payment", "approve", anew).exit_code == 0


def test_who_is_no_operator_any_more_proposes_nothing(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = in_review(app, merchant, network)
    ann, ben = founders(app)
    joe = add(app, "joe")
    for token in (ann, ben):
        act(app, token, "operator", "approve", "joe")
    proposal = propose(app, joe, "resolve", payment.id, "SUCCESSFUL")
    assert act(app, ann, "operator", "remove", "joe").exit_code == 0
    refused = act(app, ben, "payment", "approve", proposal)
    assert (refused.exit_code, "no operator any more" in refused.output) == (1, True)
    assert stored(app, payment.id).state == "IN_REVIEW"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE proposals SET approved_by = proposed_by",
        "UPDATE proposals SET reason = 'another'",
        "DELETE FROM proposals",
        "TRUNCATE proposals",
    ],
)
def test_the_database_keeps_a_proposal_as_it_is(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, statement: str
) -> None:
    ann, _ = founders(app)
    propose(app, ann, "resolve", in_review(app, merchant, network).id, "FAILED")
    with (
        app.app_context(),
        pytest.raises(sa.exc.IntegrityError),
        transaction(EVERY_TENANT) as tx,
    ):
        tx.session.execute(sa.text(statement))


def test_the_database_keeps_an_approval_as_it_is(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    decide(app, in_review(app, merchant, network).id, "FAILED")
    for change in ("approved_by = 'joe'", "approved_by = NULL, approved_at = NULL"):
        with (
            app.app_context(),
            pytest.raises(sa.exc.IntegrityError),
            transaction(EVERY_TENANT) as tx,
        ):
            tx.session.execute(sa.text(f"UPDATE proposals SET {change}"))  # noqa: S608


@pytest.mark.parametrize(
    "name", ["\u0435\u0432\u0435", "ev\u0435", "Eve", "e", "eve smith", "-eve"]
)
def test_a_name_is_plain(app: Flask, name: str) -> None:
    refused = act(app, "", "operator", "add", "--", name)
    assert (refused.exit_code, "A name is 2 to 32" in refused.output) == (1, True)
    assert run(app, "operator", "list").output == ""


def test_a_name_that_only_looks_like_another_is_refused_everywhere(app: Flask) -> None:
    tenant = "ten_" + "0" * 26
    given = ("--operator", "\u0435ve", "--reason", "fraud")
    refused = run(app, "tenant", "suspend", tenant, *given)
    assert (refused.exit_code, "look alike" in refused.output) == (2, True)


def test_the_third_operator_takes_two_who_vouch(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = in_review(app, merchant, network)
    ann, ben = founders(app)
    puppet = add(app, "puppet")
    proposal = propose(app, ann, "resolve", payment.id, "SUCCESSFUL")
    assert act(app, ann, "operator", "approve", "puppet").exit_code == 0
    assert act(app, ann, "operator", "approve", "puppet").exit_code == 0
    assert act(app, puppet, "operator", "approve", "puppet").exit_code == 1
    assert act(app, puppet, "payment", "approve", proposal).exit_code == 1
    assert act(app, ben, "operator", "approve", "puppet").exit_code == 0
    assert act(app, puppet, "payment", "approve", proposal).exit_code == 0


def test_two_operators_stay_and_a_name_stays_taken(app: Flask) -> None:
    ann, ben = founders(app)
    assert act(app, ann, "operator", "remove", "ben").exit_code == 1
    add(app, "joe")
    for token in (ann, ben):
        act(app, token, "operator", "approve", "joe")
    assert act(app, ann, "operator", "remove", "ben").exit_code == 0
    assert act(app, ben, "operator", "remove", "joe").exit_code == 1
    assert "take another name" in act(app, "", "operator", "add", "ben").output
    assert "ben" in run(app, "operator", "list").output


def test_what_people_called_failed_is_asked_about_for_another_day(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = in_review(app, merchant, network)
    decide(app, payment.id, "FAILED")
    assert 0 < (seconds_until_due(app, payment.id) or 0) <= HOUR_S
    network.poll_answers.append(result("FAILED"))
    make_due(app, payment.id)
    poll(app, stored(app, payment.id))
    assert 22 * HOUR_S < (seconds_until_due(app, payment.id) or 0) <= 24 * HOUR_S
    network.poll_answers.append(result("SUCCESSFUL"))
    make_due(app, payment.id)
    poll(app, stored(app, payment.id))
    assert stored(app, payment.id).state == "FAILED"
    assert [one.kind for one in discrepancies(app, payment.id) if not one.resolved_at] == [
        "contrary_ending"
    ]


def test_nobody_decides_while_the_network_is_being_asked(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    """Its answer may be the other ending."""
    payment = in_review(app, merchant, network)
    said: list[str] = []

    def decided_meanwhile(order: Order) -> PollAnswer:
        said.append(decide(app, payment.id, "FAILED").output)
        answer: PollAnswer = result("SUCCESSFUL")(order)
        return answer

    network.poll_answers = [decided_meanwhile]
    make_due(app, payment.id)
    poll(app, payment)
    assert "try again in a minute" in said[0]
    assert stored(app, payment.id).state == "SUCCESSFUL"
