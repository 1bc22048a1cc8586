"""A callback brings a poll forward: it never delays a planned one, never takes its place in the
schedule, and leads to a poll also when there were too many to keep.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from tests.infra.rows import session, until_somebody_waits
from tests.support.engine import Engine
from tests.support.fakes import result
from tests.support.given import ended, ending, never_landed, processing
from tests.support.rows import callbacks, discrepancies
from zampay.providers.contract import NoAnswer, Order, PollAnswer, Throttled
from zampay.transfers.callbacks import MOST_KEPT
from zampay.transfers.models import Transfer
from zampay.transfers.states import State


def polled_twelve_times(engine: Engine) -> tuple[Transfer, Transfer]:
    """A payment whose next planned poll is far off; as it was sent, and as it is now."""
    transfer = engine.given(processing)
    engine.network.poll_answers = [result("PENDING")] * 12
    for _ in range(12):
        engine.look(transfer)
    return transfer, engine.stored(transfer)


@pytest.mark.parametrize(
    ("answer", "hints"),
    [
        (result("PENDING"), 20),
        (NoAnswer("timeout"), 9),  # one more, and calls to the network pause
    ],
)
def test_polls_caused_by_callbacks_leave_the_schedule_as_it_was(
    engine: Engine, answer: PollAnswer, hints: int
) -> None:
    transfer, planned = polled_twelve_times(engine)
    assert (engine.seconds_until_due(transfer) or 0) > 40
    engine.queue.lose_all()
    for number in range(hints):
        engine.network.poll_answers = [answer]
        engine.call(transfer, {"n": number})
        engine.queue.run_all()
    after = engine.stored(transfer)
    assert len(engine.network.polls) == 12 + hints
    assert (after.due_at, after.polls) == (planned.due_at, planned.polls)
    engine.network.poll_answers = [answer]
    engine.look(transfer)
    assert engine.stored(transfer).polls == planned.polls + 1, "the planned poll counts"


def test_a_hint_after_the_planned_time_takes_the_planned_polls_place(engine: Engine) -> None:
    transfer = engine.given(processing)
    engine.make_due(transfer)
    engine.queue.lose_all()
    engine.network.poll_answers = [result("PENDING")]
    engine.call(transfer, b"{}")
    engine.queue.run_all()
    assert (engine.stored(transfer).polls, engine.stored(transfer).planned_at) == (1, None)


def test_a_message_that_meets_a_locked_row_waits_for_it(engine: Engine) -> None:
    transfer = engine.given(processing)
    engine.queue.lose_all()
    engine.network.poll_answers = [result("SUCCESSFUL")]
    engine.call(transfer, b"{}")
    with ThreadPoolExecutor(1) as worker, session(engine.app, engine.merchant.tenant_id) as copy:
        copy.execute("SELECT id FROM transfers WHERE id = %s FOR NO KEY UPDATE", [transfer.id])
        polled = worker.submit(engine.queue.run_all)
        until_somebody_waits(engine.app)
        copy.rollback()
        polled.result(timeout=10)
    assert engine.stored(transfer).state == State.SUCCESSFUL


def test_a_hint_that_got_no_turn_is_followed_before_the_planned_poll(engine: Engine) -> None:
    transfer, planned = polled_twelve_times(engine)
    engine.queue.lose_all()
    engine.network.poll_answers = [Throttled("no turn", retry_after_s=3), result("PENDING")]
    engine.call(transfer, b"{}")
    engine.queue.run_all()
    assert 2 < (engine.seconds_until_due(transfer) or 0) <= 3
    engine.make_due(transfer)
    engine.look(transfer)
    assert engine.stored(transfer).due_at == planned.due_at


def test_a_callback_during_a_poll_that_a_callback_caused_keeps_the_plan_too(engine: Engine) -> None:
    transfer, planned = polled_twelve_times(engine)
    engine.queue.lose_all()
    again = engine.called_during(transfer, result("PENDING"), b"second")
    engine.network.poll_answers = [again, result("PENDING")]
    engine.call(transfer, b"first")
    engine.queue.run_all()
    after = engine.stored(transfer)
    assert len(engine.network.polls) == 14
    assert (after.due_at, after.polls, after.planned_at) == (planned.due_at, planned.polls, None)


def flooded(engine: Engine, transfer: Transfer) -> None:
    for number in range(MOST_KEPT):
        engine.call(transfer, str(number).encode())
    engine.queue.lose_all()
    engine.look(transfer)


def test_a_callback_too_many_is_not_kept_and_leads_to_a_poll(engine: Engine) -> None:
    transfer = engine.given(processing)
    engine.network.poll_answers = [result("PENDING"), result("PENDING"), result("SUCCESSFUL")]
    flooded(engine, transfer)
    engine.look(transfer)
    engine.call(transfer, b"one more")
    assert engine.queue.tasks == ["transfers.poll"]
    engine.queue.run_all()
    assert engine.stored(transfer).state == State.SUCCESSFUL
    assert len(callbacks(engine.app, transfer.id)) == MOST_KEPT


def test_a_flood_is_polled_for_at_a_pace_and_the_last_of_it_is_not_passed_over(
    engine: Engine,
) -> None:
    transfer = engine.given(processing)
    engine.network.poll_answers = [result("PENDING")] * 20
    flooded(engine, transfer)
    for _ in range(10):
        engine.look(transfer)
    before, planned_at = len(engine.network.polls), engine.stored(transfer).due_at
    for number in range(8):
        assert engine.call(transfer, f"more {number}".encode()) == 200
        engine.queue.run_all()
    assert len(engine.network.polls) == before + 1
    assert engine.stored(transfer).planned_at == planned_at
    assert 2 < (engine.seconds_until_due(transfer) or 0) <= 5


def test_a_callback_too_many_during_a_poll_is_followed_too(engine: Engine) -> None:
    transfer = engine.given(processing)
    engine.network.poll_answers = [result("PENDING")] * 11
    flooded(engine, transfer)
    for _ in range(10):
        engine.look(transfer)

    def called_meanwhile(order: Order) -> PollAnswer:
        engine.call(transfer, b"one more")
        engine.queue.run_all()
        return result("PENDING")(order)

    engine.network.poll_answers = [called_meanwhile]
    engine.look(transfer)
    assert 2 < (engine.seconds_until_due(transfer) or 0) <= 5


def test_a_kept_body_that_is_repeated_in_a_flood_changes_nothing(engine: Engine) -> None:
    transfer = engine.given(processing)
    engine.network.poll_answers = [result("PENDING")]
    flooded(engine, transfer)
    assert engine.call(transfer, b"7") == 200
    assert engine.queue.tasks == []


def test_a_contradiction_that_was_closed_is_open_again_when_the_network_repeats_it(
    engine: Engine,
) -> None:
    from zampay.transfers import operator_actions

    transfer = engine.given(ended, "FAILED")
    for body in (b"first", b"second"):
        engine.network.poll_answers = [ending("SUCCESSFUL")]
        engine.call(transfer, body)
        engine.queue.run_all()
        (found,) = discrepancies(engine.app, transfer.id)
        assert found.resolved_at is None
        with engine.app.app_context():
            closed = operator_actions.close_discrepancies(
                transfer=transfer, operator=operator_actions.Operator("ann", "looked into")
            )
        assert closed == 1


def test_a_hint_keeps_the_look_an_hour_after_the_end(engine: Engine) -> None:
    transfer = engine.given(never_landed)
    engine.queue.lose_all()
    engine.network.poll_answers = [NoAnswer("timeout")]
    engine.call(transfer, b"{}")
    engine.queue.run_all()
    left_s = engine.seconds_until_due(transfer) or 0
    assert timedelta(seconds=left_s) > timedelta(minutes=59)


def test_a_poll_that_began_before_the_end_by_the_clock_gives_its_lease_back(
    engine: Engine, guards_off: psycopg.Connection
) -> None:
    """Its transaction waited for the row, and so has an earlier time than the end that it saw."""
    transfer = engine.given(ended, "SUCCESSFUL")
    engine.call(transfer, {"late": 1})
    later = "UPDATE transfers SET completed_at = now() + interval '1 minute' WHERE id = %s"
    guards_off.execute(later, (transfer.id,))
    engine.network.poll_answers = [ending("SUCCESSFUL")]
    engine.poll(transfer)
    assert engine.stored(transfer).leased_until is None
    engine.call(transfer, {"late": 2})
    engine.network.poll_answers = [ending("SUCCESSFUL")]
    engine.poll(transfer)
    assert [
        found for found in callbacks(engine.app, transfer.id) if found.processed_at is None
    ] == []
