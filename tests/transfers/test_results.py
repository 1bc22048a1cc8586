"""The network's word: compared before it is believed, and never written over an ending."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.support.fakes import ScriptedNetwork, result, stored
from tests.support.given import ended, ending, look, processing, unconfirmed
from tests.support.merchants import Merchant
from tests.support.rows import discrepancies, events, history, path, seconds_until_due
from zampay.transfers.states import State


@pytest.mark.parametrize(
    ("status", "figures"),
    [
        ("SUCCESSFUL", {"amount": "12.51"}),
        ("SUCCESSFUL", {"amount": "9e999999"}),
        ("SUCCESSFUL", {"currency": "EUR"}),
        ("SUCCESSFUL", {"amount": None, "currency": "EUR"}),
        ("SUCCESSFUL", {"transfer_id": "pay_of_somebody_else"}),
        ("FAILED", {"amount": "1250"}),
    ],
    ids=str,
)
def test_other_figures_settle_nothing_and_leave_a_discrepancy(
    app: Flask,
    merchant: Merchant,
    network: ScriptedNetwork,
    status: str,
    figures: dict[str, Any],
) -> None:
    transfer = processing(app, merchant, network)
    network.poll_answers = [ending(status, **figures)] * 2
    look(app, transfer)
    look(app, transfer)
    assert path(app, transfer.id)[-2:] == ["PROCESSING", "IN_REVIEW"]
    found = discrepancies(app, transfer.id)
    assert [one.kind for one in found] == ["figures_differ"]
    assert "12.50 ZMW" in found[0].ours
    assert (seconds_until_due(app, transfer.id) or 0) > 3600


@pytest.mark.parametrize(
    "figures",
    [
        {"amount": "12.5"},
        {"amount": None, "currency": None, "transfer_id": None},
    ],
    ids=str,
)
def test_the_same_figures_may_be_written_otherwise_or_left_out(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, figures: dict[str, Any]
) -> None:
    transfer = processing(app, merchant, network)
    network.poll_answers = [result("SUCCESSFUL", **figures)]
    look(app, transfer)
    after = stored(app, transfer.id)
    assert after.state == State.SUCCESSFUL
    assert after.provider_transaction_id == "1884710816"


def test_a_failure_keeps_the_networks_own_code(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = ended(app, merchant, network, "FAILED")
    assert transfer.failure == {
        "code": "payer_declined",
        "message": "The payer said no.",
        "providerCode": "APPROVAL_REJECTED",
        "retry": "safe",
    }
    assert history(app, transfer.id)[-1].detail == "the network says FAILED APPROVAL_REJECTED"


@pytest.mark.parametrize(("first", "then"), [("SUCCESSFUL", "FAILED"), ("FAILED", "SUCCESSFUL")])
def test_a_late_contrary_answer_is_written_beside_the_payment_and_not_over_it(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, first: str, then: str
) -> None:
    transfer = ended(app, merchant, network, first)
    before = (transfer.state, transfer.position, transfer.failure, transfer.provider_transaction_id)
    told = len(events(app, transfer.id))
    network.poll_answers = [ending(then)] * 3
    for _ in range(3):
        look(app, transfer)
    after = stored(app, transfer.id)
    assert (
        after.state,
        after.position,
        after.failure,
        after.provider_transaction_id,
    ) == before
    assert [one.kind for one in discrepancies(app, transfer.id)] == ["contrary_ending"]
    assert len(events(app, transfer.id)) == told
    assert after.due_at is None


@pytest.mark.parametrize("status", ["SUCCESSFUL", "FAILED"])
@pytest.mark.parametrize("again", ["same", "PENDING"])
def test_the_same_ending_again_or_a_later_pending_is_no_discrepancy(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, status: str, again: str
) -> None:
    transfer = ended(app, merchant, network, status)
    network.poll_answers = [ending(status if again == "same" else again)]
    look(app, transfer)
    assert stored(app, transfer.id).position == transfer.position
    assert discrepancies(app, transfer.id) == []


def test_a_report_tells_a_doubtful_payment_that_it_landed(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = unconfirmed(app, merchant, network)
    network.poll_answers = [result("PENDING"), result("PENDING")]
    look(app, transfer)
    look(app, transfer)
    assert path(app, transfer.id) == ["PENDING", "SUBMITTING", "UNCONFIRMED", "PROCESSING"]


def test_an_ending_from_review_settles_it(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = processing(app, merchant, network)
    script: list[Callable[..., Any]] = [result("SUCCESSFUL", amount="1"), result("SUCCESSFUL")]
    network.poll_answers = list(script)
    look(app, transfer)
    look(app, transfer)
    assert path(app, transfer.id)[-2:] == ["IN_REVIEW", "SUCCESSFUL"]
