"""A network in trouble: found by answers, paused for, told once, and over by itself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due, result
from tests.support.given import accept, processing
from tests.support.merchants import Merchant
from tests.support.troubles import AWAY, age, fails, send_all, tend, told, troubles, watch
from tests.support.wallets import an_active_wallet, credentials, scripts
from zampay.infra.database.db import transaction
from zampay.providers.contract import (
    Accepted,
    InDoubt,
    NoAnswer,
    NotSent,
    Throttled,
    TooLate,
)
from zampay.providers.failures import Failure, FailureCode
from zampay.transfers import network_states, watching
from zampay.transfers.concurrency import FIRST_PAUSE_S, TROUBLE_AFTER
from zampay.transfers.dispatch import Dispatcher
from zampay.transfers.due import Stream
from zampay.transfers.network_states import APART_S, NetworkState
from zampay.transfers.states import NextAction
from zampay.transfers.watching import Proof, Watch

SET_UP = Failure(FailureCode.PROVIDER_REJECTED, "Refused.", "HTTP_401")


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Time of the process that only passes when it is told to."""
    now = [1000.0]
    monkeypatch.setattr("zampay.kernel.clock.monotonic_s", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


@pytest.mark.parametrize(
    ("answer", "proven"),
    [
        (AWAY, Proof.NOT_REACHED),
        (NotSent("401", refused=SET_UP), Proof.ANSWERED),
        (InDoubt("timeout"), Proof.DOUBT),
        (InDoubt("400", presumed=SET_UP), Proof.ANSWERED),
        (NoAnswer("timeout"), Proof.DOUBT),
        (Accepted("202"), Proof.ANSWERED),
        (Throttled("429"), None),
        (TooLate(), None),
        (None, None),
    ],
)
def test_what_an_answer_proves_about_the_network(answer: Any, proven: Proof | None) -> None:
    assert watching.proof(answer) is proven


def test_ten_in_a_row_are_a_trouble_and_an_answer_ends_it(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    note = watch(app, merchant)
    note(*[AWAY] * (TROUBLE_AFTER - 1), Accepted("202"), *[AWAY] * (TROUBLE_AFTER - 1))
    assert troubles(app) == []
    note(AWAY)
    [found] = troubles(app)
    assert (found.state, found.ended_at, found.tenant_id) == (NetworkState.DOWN, None, None)
    assert found.reason == "the network takes no payments: connection refused"
    note(Accepted("202"), began_s=1e12)
    [found] = troubles(app)
    assert (found.ending, found.ended_at is not None) == ("the network answers again", True)


def test_doubt_degrades_and_does_not_count_as_down(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    watch(app, merchant)(*[InDoubt("timeout")] * TROUBLE_AFTER)
    assert [one.state for one in troubles(app)] == [NetworkState.DEGRADED]


def test_many_workers_that_find_the_same_make_one_trouble(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    notes = [watch(app, merchant) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda note: note(*[AWAY] * TROUBLE_AFTER), notes))
    assert len(troubles(app)) == 1


def test_workers_that_disagree_do_not_begin_another_at_once(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = watch(app, merchant), watch(app, merchant)
    one(*[AWAY] * TROUBLE_AFTER)
    one(Accepted("202"), began_s=1e12)
    other(*[AWAY] * TROUBLE_AFTER)
    assert [found.ended_at is None for found in troubles(app)] == [False]
    at_once = network_states._FAILING.replace(f"'{APART_S} s'", "'0 s'")
    monkeypatch.setattr(network_states, "_FAILING", at_once)
    watch(app, merchant)(*[AWAY] * TROUBLE_AFTER)
    assert [found.ended_at is None for found in troubles(app)] == [False, True]


def test_a_payment_says_that_it_waits_for_the_network_and_since_when(
    app: Flask, merchant: Merchant, rival: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    fails(app, merchant, task_queue, network, AWAY)
    waiting = accept(app, rival)
    send_all(app, task_queue)
    assert len(network.submissions) == TROUBLE_AFTER, "sends pause"
    said = rival.get(f"/payments/{waiting.id}/explain").json
    [found] = troubles(app)
    assert f"Since {found.began_at.isoformat()[:19]}" in said["sentence"]
    assert "connection refused" in said["sentence"]
    assert said["status"] == "PENDING"


def test_another_wallet_at_the_network_is_not_touched(
    app: Flask, merchant: Merchant, rival: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    given = credentials()
    wallet = an_active_wallet(merchant, given=given)
    fails(app, merchant, task_queue, scripts(app).of(given["apiUser"]), AWAY)
    paid = accept(app, rival)
    send_all(app, task_queue)
    assert len(network.submissions) == 1
    assert rival.get(f"/payments/{paid.id}").json["status"] == "PROCESSING"
    [found] = troubles(app)
    assert (found.wallet_id, found.tenant_id) == (wallet["id"], merchant.tenant_id)
    for one, seen in ((merchant, 1), (rival, 0)):
        with app.app_context(), transaction(one.tenant_id) as tx:
            assert len(network_states.found(tx)) == seen
    tend(app)
    assert [one["data"]["walletId"] for one in told(merchant)] == [wallet["id"]]
    assert told(rival) == []


def test_polls_go_on_while_sends_wait(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    under_way = processing(app, merchant, network)
    task_queue.lose_all()
    fails(app, merchant, task_queue, network, AWAY)
    another = Dispatcher(app, per_tenant=4, executor=app.extensions["dispatcher"].executor)
    network.poll_answers.append(result("SUCCESSFUL"))
    make_due(app, under_way.id)
    with app.app_context():
        another.sweep()
    assert merchant.get(f"/payments/{under_way.id}").json["status"] == "SUCCESSFUL"
    assert troubles(app)[0].ended_at is None, (
        "that a poll is answered does not prove that sends are"
    )


def test_another_process_pauses_and_its_first_answer_ends_the_trouble(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    passes: Callable[[float], None],
) -> None:
    fails(app, merchant, task_queue, network, AWAY)
    asked = len(network.submissions)
    another = Dispatcher(app, per_tenant=4, executor=app.extensions["dispatcher"].executor)
    waiting = [accept(app, merchant) for _ in range(3)]
    with app.app_context():
        another.sweep()
        assert len(network.submissions) == asked
        passes(FIRST_PAUSE_S + 0.1)
        another.sweep()
    states = {merchant.get(f"/payments/{one.id}").json["status"] for one in waiting}
    assert "PROCESSING" in states
    assert troubles(app)[0].ended_at is not None
    with app.app_context():
        another.sweep()
    states = {merchant.get(f"/payments/{one.id}").json["status"] for one in waiting}
    assert states == {"PROCESSING"}


def test_a_trouble_that_nobody_finds_any_more_ends_by_itself(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    fails(app, merchant, task_queue, network, AWAY)
    tend(app)
    assert troubles(app)[0].ended_at is None
    age(app, timedelta(minutes=4))
    network_now = merchant.get("/networks", live=True).json["data"]
    assert {one["state"] for one in network_now if one["provider"] == "MTN"} == {"OPERATIONAL"}
    tend(app)
    assert troubles(app)[0].ending == "no call has failed for three minutes"
    assert [one["type"] for one in told(merchant)] == ["network.degraded", "network.recovered"]


def test_test_mode_has_none(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> None:
    sandbox = Watch(Stream(NextAction.SUBMIT, "MTN", "deployment", livemode=False))
    with app.app_context():
        for _ in range(TROUBLE_AFTER):
            sandbox.note(AWAY, began_s=0.0, tenant_id=merchant.tenant_id)
    assert troubles(app) == []
