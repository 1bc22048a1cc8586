"""Another account at the network (new credentials) does not know what the former one has sent."""

from dataclasses import replace

import pytest
from flask import Flask

from tests.support.fakes import ScriptedNetwork, make_due, stored, submit
from tests.support.given import (
    UNKNOWN,
    accept,
    hear_that_it_is_unknown,
    in_state,
    look,
    never_landed,
    to_be_sent_again,
    unconfirmed,
)
from tests.support.merchants import Merchant
from zampay.providers.contract import Accepted, NotSent
from zampay.providers.failures import Failure, FailureCode
from zampay.transfers import states
from zampay.transfers.states import State

SETUP = Failure(FailureCode.PROVIDER_REJECTED, "Refused.", "INVALID_CURRENCY")


@pytest.fixture
def first(network: ScriptedNetwork) -> ScriptedNetwork:
    network.profile = replace(network.profile, account="first")
    return network


def switch(network: ScriptedNetwork) -> None:
    network.profile = replace(network.profile, account="second")


@pytest.mark.parametrize("presumed", [None, SETUP])
def test_what_the_new_account_does_not_know_may_have_landed(
    app: Flask, merchant: Merchant, first: ScriptedNetwork, presumed: Failure | None
) -> None:
    transfer = unconfirmed(app, merchant, first, presumed)
    switch(first)
    hear_that_it_is_unknown(app, transfer, first)
    in_state(app, transfer, State.UNCONFIRMED)
    first.poll_answers = [UNKNOWN]
    look(app, transfer, age=states.REVIEW_AFTER)
    in_state(app, transfer, State.IN_REVIEW)
    assert len(first.submissions) == 1


def test_what_waits_to_be_sent_again_is_not_sent_by_the_new_account(
    app: Flask, merchant: Merchant, first: ScriptedNetwork
) -> None:
    transfer = to_be_sent_again(app, merchant, first)
    switch(first)
    make_due(app, transfer.id)
    submit(app, transfer)
    in_state(app, transfer, State.UNCONFIRMED)
    assert len(first.submissions) == 1


def test_an_ending_that_was_concluded_is_not_confirmed_by_the_new_account(
    app: Flask, merchant: Merchant, first: ScriptedNetwork
) -> None:
    transfer = never_landed(app, merchant, first)
    switch(first)
    first.poll_answers = [UNKNOWN]
    look(app, transfer, age=states.REPOLL_AFTER)
    assert merchant.get(f"/payments/{transfer.id}").json["failure"]["retry"] == "unsafe"
    assert stored(app, transfer.id).due_at is not None


def test_what_certainly_never_went_out_is_sent_by_the_new_account(
    app: Flask, merchant: Merchant, first: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    first.submit_answers = [NotSent("no token"), Accepted("202")]
    submit(app, transfer)
    switch(first)
    make_due(app, transfer.id)
    submit(app, transfer)
    in_state(app, transfer, State.PROCESSING)
    assert stored(app, transfer.id).network_account == "second"
