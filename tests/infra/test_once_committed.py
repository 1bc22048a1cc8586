"""What is told of a transaction is told when it has committed, and never otherwise."""

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.counts import growth
from tests.support.fakes import HeldQueue, ScriptedNetwork, stored
from tests.support.given import accept
from tests.support.log_lines import captured
from tests.support.merchants import Merchant
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.transfers import locked_rows, transitions
from zampay.transfers.models import Transfer
from zampay.transfers.states import Evidence, State

MOVE = {"source": "PENDING", "target": "SUBMITTING", "livemode": "true"}


def test_it_is_told_after_the_commit(app: Flask) -> None:
    told: list[bool] = []
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.once_committed(lambda: told.append(True))
        assert told == []
    assert told == [True]


def move_and_break(app: Flask, payment: Transfer) -> None:
    with app.app_context(), transaction(payment.tenant_id) as tx:
        row = locked_rows.locked(tx, payment.id)
        assert row is not None
        transitions.transition(tx, row, State.SUBMITTING, evidence=Evidence.SUBMITTED, detail="")
        row.amount_minor = -1


def test_a_move_that_is_rolled_back_is_neither_counted_nor_logged(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    payment = accept(app, merchant)
    with (
        captured() as lines,
        growth("zampay_transitions_total", 0, **MOVE),
        pytest.raises(sa.exc.IntegrityError),
    ):
        move_and_break(app, payment)
    assert stored(app, payment.id).state == "PENDING"
    assert [line for line in lines if line["event"] == "transition"] == []


def test_a_failure_is_counted_by_its_code(app: Flask, merchant: Merchant) -> None:
    wanted = {"provider": "MTN", "code": "cancelled", "livemode": "false"}
    with growth("zampay_payment_failures_total", 1, **wanted):
        merchant.post(f"/payments/{merchant.pay(live=False).json['id']}/cancel", live=False)
