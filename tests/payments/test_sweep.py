"""The sweep: whatever bell was lost, doubled or tripled, the row is the job."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.doors import HeldBells, ScriptedNetwork, make_due, report, stored, submit
from tests.merchants import Merchant
from tests.payments.scenes import accept, never_landed, unconfirmed
from zampay.infra.bell import Ring
from zampay.infra.db import EVERY_TENANT, transaction
from zampay.payments import tasks
from zampay.payments.models import Payment
from zampay.payments.states import State


def sweep(app: Flask) -> None:
    with app.app_context():
        app.extensions["celery"].tasks["payments.sweep"]()


def rung_for(bells: HeldBells) -> list[tuple[str, str]]:
    return [(ring.task, ring.arguments["payment_id"]) for ring in bells.held]


@pytest.mark.parametrize("how", ["lost", "broker down"])
def test_a_payment_whose_bell_nobody_heard_is_found(
    app: Flask, merchant: Merchant, bells: HeldBells, network: ScriptedNetwork, how: str
) -> None:
    bells.broken = how == "broker down"
    payment = accept(app, merchant)
    bells.broken = False
    bells.lose_all()
    sweep(app)
    bells.hear_all()
    assert stored(app, payment.id).state == State.PROCESSING


def test_three_sweeps_at_once_and_every_bell_twice_send_once_and_ask_once(
    app: Flask, merchant: Merchant, bells: HeldBells, network: ScriptedNetwork
) -> None:
    to_send, to_ask = accept(app, merchant), unconfirmed(app, merchant, network)
    bells.lose_all()
    network.submissions.clear()
    network.enquiry_answers = [report("PENDING")]
    make_due(app, to_ask.id)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: sweep(app), range(3)))
    assert sorted(bells.tasks) == ["payments.enquire"] * 3 + ["payments.submit"] * 3
    rings = bells.held * 2
    bells.lose_all()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(bells.hear, rings))
    assert [order.payment_id for order in network.submissions] == [to_send.id]
    assert [order.payment_id for order in network.enquiries] == [to_ask.id]


def test_only_rows_that_are_due_are_rung_for(
    app: Flask, merchant: Merchant, bells: HeldBells, network: ScriptedNetwork
) -> None:
    payment = accept(app, merchant)
    submit(app, payment)
    bells.lose_all()
    sweep(app)
    assert bells.held == []


def test_a_lease_that_ended_is_asked_about_and_never_sent(
    app: Flask, merchant: Merchant, bells: HeldBells, network: ScriptedNetwork
) -> None:
    payment = accept(app, merchant)

    def die(_: object) -> None:
        raise KeyboardInterrupt

    network.submit_answers = [die]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        submit(app, payment)
    bells.lose_all()
    make_due(app, payment.id)
    sweep(app)
    assert rung_for(bells) == [("payments.enquire", payment.id)]


def test_an_ended_payment_that_is_owed_a_look_gets_it(
    app: Flask, merchant: Merchant, bells: HeldBells, network: ScriptedNetwork
) -> None:
    payment = never_landed(app, merchant, network)
    bells.lose_all()
    make_due(app, payment.id)
    sweep(app)
    assert rung_for(bells) == [("payments.enquire", payment.id)]


def test_no_more_is_rung_for_than_the_queue_has_room(
    app: Flask, merchant: Merchant, bells: HeldBells, network: ScriptedNetwork
) -> None:
    for _ in range(3):
        accept(app, merchant)
    bells.held = [Ring("payments.enquire", {"payment_id": "", "tenant_id": ""})] * (tasks.BATCH - 2)
    sweep(app)
    assert len(bells.held) == tasks.BATCH
    sweep(app)
    assert len(bells.held) == tasks.BATCH


def test_tenants_take_turns_and_each_is_served_oldest_first(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    bells: HeldBells,
    network: ScriptedNetwork,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crowd = [accept(app, merchant) for _ in range(5)]
    few = [accept(app, rival) for _ in range(2)]
    for age_s, payment in enumerate(reversed([*crowd, *few])):
        move_due(app, payment.id, timedelta(seconds=age_s))
    bells.lose_all()
    monkeypatch.setattr(tasks, "BATCH", 4)
    sweep(app)
    expected = [crowd[0], few[0], crowd[1], few[1]]
    assert [payment_id for _, payment_id in rung_for(bells)] == [one.id for one in expected]


def test_a_bell_for_a_payment_that_there_is_not_does_nothing(
    app: Flask, merchant: Merchant, bells: HeldBells, network: ScriptedNetwork
) -> None:
    for task in ("payments.submit", "payments.enquire"):
        bells.hear(Ring(task, {"payment_id": "pay_x", "tenant_id": "ten_x", "later": "field"}))
    assert (network.submissions, network.enquiries) == ([], [])


def test_a_bell_that_names_another_tenant_does_nothing(
    app: Flask, merchant: Merchant, rival: Merchant, bells: HeldBells, network: ScriptedNetwork
) -> None:
    payment = accept(app, merchant)
    ids = {"payment_id": payment.id, "tenant_id": rival.tenant_id}
    bells.hear(Ring("payments.submit", ids))
    assert network.submissions == []


def move_due(app: Flask, payment_id: str, ago: timedelta) -> None:
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        due_at = sa.func.now() - ago
        tx.session.execute(sa.update(Payment).where(Payment.id == payment_id).values(due_at=due_at))
