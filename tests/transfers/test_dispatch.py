"""Calls to networks on threads of their own: who waits for whom, and who does not."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from dev.environment import await_condition
from tests.support.engine import Engine
from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due, result, stored
from tests.support.given import accept, processing
from tests.support.merchants import Merchant
from zampay.infra.database.db import Transaction
from zampay.kernel import clock
from zampay.providers.contract import Accepted, InDoubt, Order, Submission, Throttled
from zampay.providers.profile import DEPLOYMENT
from zampay.transfers import due
from zampay.transfers.concurrency import TROUBLE_AFTER
from zampay.transfers.dispatch import IDLE_S, Dispatcher
from zampay.transfers.due import Stream
from zampay.transfers.states import NextAction, State

PER_MERCHANT = 2


class SlowNetwork(ScriptedNetwork):
    """Does not answer a request to pay before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = threading.Event()

    def submit(self, order: Order) -> Submission:
        self.submissions.append(order)
        self.may_answer.wait(30)
        return Accepted("accepted (202)")

    @property
    def sent(self) -> list[str]:
        return [order.transfer_id for order in self.submissions]


@pytest.fixture
def slow(app: Flask) -> Iterator[SlowNetwork]:
    """A slow network, and threads as in a worker."""
    network = SlowNetwork()
    providers = {True: {network.profile.code: network}, False: app.extensions["providers"][False]}
    app.extensions["providers"] = providers
    app.extensions["dispatcher"] = made = Dispatcher(app, per_tenant=PER_MERCHANT)
    yield network
    network.may_answer.set()
    made.close()


def sweep(app: Flask) -> None:
    with app.app_context():
        app.extensions["dispatcher"].sweep()


def until_sent(network: SlowNetwork, count: int) -> None:
    await_condition(lambda: len(network.sent) >= count, timeout_s=20, wanted=f"{count} sent")


def test_who_sends_much_to_a_slow_network_keeps_nobody_else_waiting(
    app: Flask, merchant: Merchant, rival: Merchant, task_queue: HeldQueue, slow: SlowNetwork
) -> None:
    crowd = [accept(app, merchant) for _ in range(6)]
    task_queue.run_all()
    until_sent(slow, PER_MERCHANT)
    few = accept(app, rival)
    task_queue.run_all()
    until_sent(slow, PER_MERCHANT + 1)
    assert set(slow.sent) == {crowd[0].id, crowd[1].id, few.id}
    assert [stored(app, one.id).state for one in crowd[2:]] == [State.PENDING] * 4
    slow.may_answer.set()
    until_sent(slow, 7)
    waited = [one.id for one in crowd[2:]]
    places = [waited.index(one) for one in slow.sent[3:]]
    moved = [abs(place - wanted) for wanted, place in enumerate(places)]
    assert max(moved) < PER_MERCHANT, "oldest first, but for those that begin at the same time"


def test_neither_polls_nor_test_payments_wait_for_a_slow_send(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, slow: SlowNetwork
) -> None:
    slow.may_answer.set()
    under_way = processing(app, merchant, slow)
    slow.may_answer.clear()
    task_queue.lose_all()
    for _ in range(2 * PER_MERCHANT):
        accept(app, merchant)
    test = accept(app, merchant, live=False)
    slow.poll_answers = [result("SUCCESSFUL")]
    make_due(app, under_way.id)
    sweep(app)

    def went_on() -> bool:
        return (
            stored(app, under_way.id).state == State.SUCCESSFUL
            and stored(app, test.id).state == State.PROCESSING
        )

    await_condition(went_on, timeout_s=20, wanted="the others to go on")
    assert not slow.may_answer.is_set()


def test_a_process_that_ends_finishes_its_calls_and_begins_no_other(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, slow: SlowNetwork
) -> None:
    crowd = [accept(app, merchant) for _ in range(2 * PER_MERCHANT)]
    task_queue.run_all()
    until_sent(slow, PER_MERCHANT)
    app.extensions["dispatcher"].stop()
    slow.may_answer.set()
    app.extensions["dispatcher"].close()
    sweep(app)
    states = [stored(app, one.id).state for one in crowd]
    assert sorted(states) == [State.PENDING] * 2 + [State.PROCESSING] * 2


def test_while_a_network_does_not_answer_payments_keep_their_turn(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Oldest first when it is back: what was not tried is still due, and by acceptance."""
    now_s = [1000.0]
    monkeypatch.setattr("zampay.transfers.concurrency.clock.monotonic_s", lambda: now_s[0])
    engine.network.submit_answers = [InDoubt("503") for _ in range(100)]
    crowd = [engine.accept() for _ in range(TROUBLE_AFTER + 5)]
    engine.queue.run_all()
    for _ in range(3):
        sweep(engine.app)
    untried = [one.id for one in crowd if engine.stored(one).state == State.PENDING]
    assert untried == [one.id for one in crowd[TROUBLE_AFTER:]]
    engine.network.submit_answers.clear()
    engine.network.submissions.clear()
    now_s[0] += 60
    sweep(engine.app)
    assert [order.transfer_id for order in engine.network.submissions] == untried


def test_who_comes_new_after_a_pause_overtakes_nobody(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first message after it, before any sweep, begins with what was accepted first."""
    now_s = [1000.0]
    monkeypatch.setattr("zampay.transfers.concurrency.clock.monotonic_s", lambda: now_s[0])
    engine.network.submit_answers = [InDoubt("503") for _ in range(TROUBLE_AFTER)]
    crowd = [engine.accept() for _ in range(TROUBLE_AFTER + 3)]
    engine.queue.run_all()
    engine.network.submissions.clear()
    now_s[0] += 60
    newest = engine.accept()
    engine.queue.run_all()
    waited = [one.id for one in crowd[TROUBLE_AFTER:]]
    assert [order.transfer_id for order in engine.network.submissions] == [*waited, newest.id]


def test_once_the_pace_is_used_up_nobody_asks_for_a_turn_before_the_next_sweep(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    """Otherwise every due row would be taken and put back as fast as the database can."""
    rows = [processing(app, merchant, network) for _ in range(4)]
    network.poll_answers = [Throttled("waiting for a turn", retry_after_s=1.5) for _ in rows]
    app.extensions["dispatcher"] = Dispatcher(
        app, per_tenant=1, executor=app.extensions["dispatcher"].executor
    )
    for row in rows:
        make_due(app, row.id)
    sweep(app)
    assert len(network.polls) == 1
    network.poll_answers.clear()
    sweep(app)
    assert {order.transfer_id for order in network.polls} == {row.id for row in rows}


def test_a_row_that_breaks_its_task_is_left_to_the_next_sweep(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chosen again at once it would keep a processor busy with failing."""
    tries: list[str] = []

    def breaks(_tx: object, transfer_id: str) -> None:
        tries.append(transfer_id)
        raise ValueError("a defect")

    for _ in range(3):
        engine.accept()
    engine.app.extensions["dispatcher"] = Dispatcher(
        engine.app, per_tenant=1, executor=engine.app.extensions["dispatcher"].executor
    )
    monkeypatch.setattr("zampay.transfers.submit.locked_rows.locked_if_due", breaks)
    sweep(engine.app)
    assert len(tries) == len(set(tries)) == 3
    sweep(engine.app)
    assert len(tries) == 6


def test_a_machine_without_a_thread_left_costs_no_slot(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [engine.accept() for _ in range(2 * PER_MERCHANT + 1)]
    engine.app.extensions["dispatcher"] = made = Dispatcher(engine.app, per_tenant=PER_MERCHANT)
    with monkeypatch.context() as without:
        without.setattr(threading.Thread, "start", no_thread)
        engine.queue.run_all()
        sweep(engine.app)
    assert engine.network.submissions == []

    def all_sent() -> bool:
        sweep(engine.app)
        return len(engine.network.submissions) == len(rows)

    await_condition(all_sent, timeout_s=20, wanted="every payment to be sent")
    made.close()
    assert {order.transfer_id for order in engine.network.submissions} == {row.id for row in rows}


def no_thread(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_stream_that_cannot_be_read_keeps_no_other_waiting(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.accept()
    test = engine.accept(live=False)
    readable = due.due

    def only_test(tx: Transaction, stream: Stream, **how: Any) -> list[tuple[str, str]]:
        if stream.livemode:
            raise ValueError("a defect")
        return readable(tx, stream, **how)

    monkeypatch.setattr(due, "due", only_test)
    monkeypatch.setattr(
        due,
        "streams",
        lambda _: [Stream(NextAction.SUBMIT, "MTN", DEPLOYMENT, one) for one in (True, False)],
    )
    sweep(engine.app)
    assert engine.stored(test).state == State.PROCESSING


def test_test_payments_in_doubt_never_pause_the_sandbox(
    app: Flask, merchant: Merchant, rival: Merchant, task_queue: HeldQueue
) -> None:
    """A merchant who tries out how doubt looks would hold up every other merchant's tests."""
    for _ in range(TROUBLE_AFTER + 2):
        accept(app, merchant, live=False, msisdn="260963123473")
    task_queue.run_all()
    other = accept(app, rival, live=False)
    task_queue.run_all()
    assert stored(app, other.id).state == State.PROCESSING


def test_threads_of_a_stream_end_when_nothing_was_open_in_it_for_long(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    slow: SlowNetwork,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accept(app, merchant)
    sweep(app)
    sends = Stream(NextAction.SUBMIT, "MTN", DEPLOYMENT, livemode=True)
    polls = Stream(NextAction.POLL, "MTN", DEPLOYMENT, livemode=True)
    dispatcher = app.extensions["dispatcher"]
    with app.app_context():
        before = {one: dispatcher.calls(one) for one in (sends, polls)}
    await_condition(lambda: len(slow.sent) == 1, timeout_s=10, wanted="the send")
    later_s = clock.monotonic_s() + IDLE_S + 1
    monkeypatch.setattr(clock, "monotonic_s", lambda: later_s)
    monkeypatch.setattr(due, "streams", lambda _: [])
    sweep(app)
    with app.app_context():
        assert dispatcher.calls(sends) is before[sends], "a call is under way"
        assert dispatcher.calls(polls) is not before[polls]
