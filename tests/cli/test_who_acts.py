"""Every action is signed: a name and a reason that can be read, and two people who are two."""

import pytest
from flask import Flask

from tests.support.commands import run
from tests.support.fakes import ScriptedNetwork, stored
from tests.support.in_review import in_review
from tests.support.merchants import Merchant
from zampay.transfers import operator_actions
from zampay.transfers.operator_actions import NotPossible, Operator
from zampay.transfers.states import State

BLANK = ["", " ", "\u200b", "Ma\u200bry", "Mary\n", "\u3164", "-", "M" * 101]
TENANT, KEY, PAYMENT, WALLET = (f"{prefix}_{'0' * 26}" for prefix in ("ten", "key", "pay", "wal"))
CREATING = ("--provider", "MTN", "--name", "Till", "--credentials", "-")
ACTIONS = [
    ("wallet", "create", TENANT, *CREATING),
    ("wallet", "replace", WALLET, "--credentials", "-"),
    ("wallet", "disable", WALLET),
    ("tenant", "suspend", TENANT),
    ("tenant", "resume", TENANT),
    ("key", "revoke", KEY),
    ("key", "issue", TENANT, "--test"),
    ("payment", "resolve", PAYMENT, "FAILED"),
    ("payment", "close-discrepancies", PAYMENT),
    ("callbacks", "replay", "--since", "2020-01-31"),
]
UNGROUNDED = [
    ("wallet", "verify", WALLET),
    ("tenant", "activate", TENANT),
    ("tenant", "create", "--name", "Kalulu Books", "--email", "owner@example.com"),
    ("payment", "poll", PAYMENT),
]
SAME = ["Mary", " mary ", "MARY", "M\u00e1ry", "\uff2dary", "Ma ry", "Mary."]


@pytest.mark.parametrize("action", [*ACTIONS, *UNGROUNDED], ids=" ".join)
def test_nobody_acts_without_a_name_that_can_be_read(app: Flask, action: tuple[str, ...]) -> None:
    why = () if action in UNGROUNDED else ("--reason", "fraud")
    for name in BLANK:
        refused = run(app, *action, *why, "--operator", name)
        assert (refused.exit_code, "'--operator'" in refused.output) == (2, True), refused.output


@pytest.mark.parametrize("action", ACTIONS, ids=" ".join)
def test_nobody_acts_without_a_reason_that_can_be_read(app: Flask, action: tuple[str, ...]) -> None:
    for reason in [*BLANK[:-1], "x" * 501]:
        refused = run(app, *action, "--operator", "Ann", "--reason", reason)
        assert (refused.exit_code, "'--reason'" in refused.output) == (2, True), refused.output


def test_an_id_of_a_transaction_is_real_text(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = in_review(app, merchant, network)
    people = ("--operator", "Mary", "--reason", "statement")
    given = ("--transaction-id", "\u200b")
    refused = run(app, "payment", "resolve", payment.id, "SUCCESSFUL", *people, *given)
    assert refused.exit_code == 2
    assert stored(app, payment.id).state == "IN_REVIEW"


@pytest.mark.parametrize(
    "people",
    [
        Operator("", "statement", "Joe"),
        Operator("\u200b", "statement", "Joe"),
        Operator("Mary", " ", "Joe"),
        Operator("Mary", "\u3164", "Joe"),
        Operator("Mary", "statement"),
        Operator("Mary", "statement", "\u200b"),
        *[Operator("Mary", "statement", second) for second in [*SAME, "Ma\u200bry"]],
    ],
)
def test_whatever_lets_them_in_live_money_needs_two_people_and_a_reason(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, people: Operator
) -> None:
    payment = in_review(app, merchant, network)
    with app.app_context(), pytest.raises(NotPossible):
        operator_actions.resolve(transfer=payment, end=State.SUCCESSFUL, operator=people)
    assert stored(app, payment.id).state == "IN_REVIEW"


def test_what_is_written_down_is_the_tidy_form(app: Flask, merchant: Merchant) -> None:
    signed = ("--operator", "  \uff21nn   Banda ", "--reason", "card\u00a0fraud")
    assert run(app, "tenant", "suspend", merchant.tenant_id, *signed).exit_code == 0
    run(app, "tenant", "resume", merchant.tenant_id, "--operator", "Ann", "--reason", "solved")
    entry = merchant.get("/audit-log").json["data"][1]
    assert (entry["actor"], entry["details"]) == ("operator:Ann Banda", {"reason": "card fraud"})
