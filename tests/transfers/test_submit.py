"""Sending: one order under one reference, whatever dies, is late, or comes twice."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import ScriptedNetwork, make_due, result, stored, submit
from tests.support.given import accept, to_be_sent_again
from tests.support.merchants import Merchant
from tests.support.rows import due_after, path, seconds_until_due
from zampay.infra.database.db import db
from zampay.kernel import clock
from zampay.providers.contract import (
    Accepted,
    Declined,
    InDoubt,
    NotSent,
    Order,
    ProviderResult,
    ResultStatus,
    Submission,
    Throttled,
)
from zampay.providers.failures import Failure, FailureCode
from zampay.providers.profile import POLL_SCHEDULE
from zampay.transfers.states import State

REFUSED = Declined(Failure(FailureCode.PAYER_NOT_FOUND, "No wallet.", "PAYER_NOT_FOUND"))
ONCE = ["PENDING", "SUBMITTING"]


def test_the_reference_is_committed_before_the_first_byte_goes_out(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    seen: list[tuple[str, str]] = []

    def look_from_outside(order: Order) -> Submission:
        engine = sa.create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
        with engine.begin() as other:
            other.execute(sa.text("SELECT set_config('zampay.every_tenant', 'on', true)"))
            query = sa.text("SELECT provider_reference, state FROM transfers WHERE id = :id")
            seen.append(tuple(other.execute(query, {"id": order.transfer_id}).one()))
        engine.dispose()
        return Accepted("202")

    network.submit_answers = [look_from_outside]
    submit(app, transfer)
    assert seen == [(network.submissions[0].reference, "SUBMITTING")]
    assert transfer.provider_reference == network.submissions[0].reference


def test_no_connection_is_held_while_the_network_is_called(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    held: list[int] = []

    def count(_: Order) -> Submission:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return Accepted("202")

    network.submit_answers = [count]
    submit(app, transfer)
    assert held == [0]


def test_an_accepted_order_is_processing_and_looked_at_soon(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    submit(app, transfer)
    assert path(app, transfer.id) == [*ONCE, "PROCESSING"]
    assert due_after(app, transfer.id) == POLL_SCHEDULE[0]


def test_what_was_not_sent_is_sent_again_under_the_same_reference(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [NotSent("refused"), NotSent("refused")]
    for _ in range(3):
        make_due(app, transfer.id)
        submit(app, transfer)
    assert [order.reference for order in network.submissions] == [transfer.provider_reference] * 3
    again = ["PENDING", "SUBMITTING"]
    assert path(app, transfer.id) == [*again, *again, *again, "PROCESSING"]


def test_a_repeat_waits_for_longer_each_time_and_for_what_the_network_asks(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [NotSent("down"), NotSent("down"), Throttled("busy", retry_after_s=40)]
    delays = []
    for _ in range(3):
        make_due(app, transfer.id)
        submit(app, transfer)
        delays.append(due_after(app, transfer.id).total_seconds())
    assert 1.6 <= delays[0] <= 2.4
    assert 3.2 <= delays[1] <= 4.8
    assert delays[2] == 40


def test_a_row_that_is_not_due_is_not_sent(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [NotSent("down")]
    submit(app, transfer)
    submit(app, transfer)
    assert len(network.submissions) == 1


def test_eight_messages_at_once_send_one_order(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    start = threading.Barrier(8)

    def run(_: int) -> None:
        start.wait()
        submit(app, transfer)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
    assert len(network.submissions) == 1


def test_a_clear_no_to_the_first_send_is_a_failure_and_not_looked_at_again(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [REFUSED]
    submit(app, transfer)
    after = stored(app, transfer.id)
    assert after.state == State.FAILED
    assert after.failure == {
        "code": "payer_not_found",
        "message": "No wallet.",
        "providerCode": "PAYER_NOT_FOUND",
        "retry": "safe",
    }
    assert after.due_at is None


@pytest.mark.parametrize("answer", [REFUSED, NotSent("refused"), InDoubt("reset")])
def test_after_doubt_no_answer_to_a_second_send_proves_that_the_first_was_lost(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, answer: Submission
) -> None:
    transfer = to_be_sent_again(app, merchant, network)
    network.submit_answers = [answer]
    submit(app, transfer)
    assert stored(app, transfer.id).state == State.UNCONFIRMED


def test_a_blocking_network_brings_the_ending_with_its_answer(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers = [lambda order: Accepted("200", result("SUCCESSFUL")(order))]
    submit(app, transfer)
    assert path(app, transfer.id) == [*ONCE, "PROCESSING", "SUCCESSFUL"]
    assert stored(app, transfer.id).due_at is None


def test_a_blocking_network_that_names_other_figures_settles_nothing(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    other = ProviderResult(ResultStatus.SUCCESSFUL, "SUCCESSFUL", amount="1", currency="ZMW")
    network.submit_answers = [Accepted("200", other)]
    submit(app, transfer)
    assert stored(app, transfer.id).state == State.IN_REVIEW


def test_an_order_may_be_sent_for_half_of_its_lease_from_before_the_claim(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    started_s = clock.monotonic_s()
    submit(app, transfer)
    half_s = app.config["SUBMIT_LEASE"].total_seconds() / 2
    sent = network.submissions[0]
    assert started_s + half_s <= sent.send_until_s < network.asked_s[0] + half_s


def test_an_order_that_its_network_found_too_late_is_sent_again(
    app: Flask, merchant: Merchant
) -> None:
    transfer = accept(app, merchant, live=False)
    lease, app.config["SUBMIT_LEASE"] = app.config["SUBMIT_LEASE"], timedelta(microseconds=1)
    submit(app, transfer)
    app.config["SUBMIT_LEASE"] = lease
    make_due(app, transfer.id)
    submit(app, transfer)
    assert path(app, transfer.id) == [*ONCE, *ONCE, "PROCESSING"]


def test_a_payment_of_a_network_no_longer_served_waits(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    app.extensions["providers"] = {True: {}, False: {}}
    submit(app, transfer)
    assert stored(app, transfer.id).state == State.PENDING
    assert (seconds_until_due(app, transfer.id) or 0) > 60
