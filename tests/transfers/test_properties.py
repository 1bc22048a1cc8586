"""Any sequence of answers, callbacks, lost messages, late answers: one charge, and a true end."""

import itertools
from datetime import timedelta
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.given import LONG
from tests.support.merchants import Merchant
from tests.support.model import NetworkBooks, PaymentLife
from tests.support.rows import discrepancies, events, history
from zampay.providers.profile import Kind
from zampay.transfers import kinds, states
from zampay.transfers.create import Wanted
from zampay.transfers.states import Evidence, State

SENDS = ["accepted", "lost", "lost answer", "slow", "held", "refused", "our set-up", "not sent"]
BEGINNINGS = [[], ["lost"], ["slow"], ["held"], ["slow", "refused"], ["held", "not sent"]]
"""Sends before the free part of a life; after each, the network has long not heard of it."""
POLL_SCHEDULE = ["truth", "truth", "no answer", "no turn"]
NO_TIME = timedelta(0)
_orders = itertools.count()


def wanted() -> Wanted:
    number = f"order-{next(_orders)}"
    return Wanted(Kind.PAYMENT, number, 1250, "ZMW", "260963123400", "MTN", "", "", {})


class Life(RuleBasedStateMachine):
    """One payment's life; `app`, `books` and `tenant_id` are set by the test."""

    app: Flask
    books: NetworkBooks
    tenant_id: str

    def __init__(self) -> None:
        super().__init__()
        self.life = PaymentLife(self.app, self.books, self.tenant_id, wanted())

    @initialize(sends=st.sampled_from(BEGINNINGS))
    def begin(self, sends: list[str]) -> None:
        for how in sends:
            self.life.send(how)
            self.life.ask("truth", age=LONG)

    @precondition(lambda self: self.life.transfer.state == State.PENDING)
    @rule(how=st.sampled_from(SENDS), late=st.booleans())
    def run_a_message_for_a_send(self, how: str, late: bool) -> None:  # noqa: FBT001 - drawn
        self.life.send(how, late=late)

    @precondition(lambda self: self.may_ask())
    @rule(
        how=st.sampled_from(POLL_SCHEDULE), late=st.booleans(), age=st.sampled_from([NO_TIME, LONG])
    )
    def run_a_message_for_a_poll(
        self,
        how: str,
        late: bool,  # noqa: FBT001 - drawn
        age: timedelta,
    ) -> None:
        self.life.ask(how, late=late, age=age)

    @precondition(lambda self: self.life.late)
    @rule()
    def let_a_late_answer_come_home(self) -> None:
        self.life.deliver()

    @precondition(lambda self: self.books.under_way)
    @rule()
    def let_a_slow_request_land(self) -> None:
        self.books.land(self.books.under_way.pop(0))

    @precondition(lambda self: self.life.is_with_the_payer)
    @rule(status=st.sampled_from(["SUCCESSFUL", "FAILED"]))
    def let_the_payer_decide(self, status: str) -> None:
        self.books.settle(self.life.transfer, status)

    @precondition(lambda self: self.has_been_sent_and_is_pending())
    @rule()
    def let_the_merchant_cancel(self) -> None:
        self.life.cancel()

    @precondition(lambda self: self.has_been_sent_and_is_pending())
    @rule()
    def let_the_time_for_sending_run_out(self) -> None:
        self.app.config["SUBMIT_WINDOW"] = NO_TIME

    @rule()
    def let_nothing_happen(self) -> None:
        """An ended payment has nothing left to do, and a life needs one thing at least."""

    def has_been_sent_and_is_pending(self) -> bool:
        transfer = self.life.transfer
        return transfer.state == State.PENDING and transfer.submissions > 0

    def may_ask(self) -> bool:
        """An hour after the end, when it is looked at once more, nothing is under way any more."""
        transfer = self.life.transfer
        under_way = self.life.late or self.books.under_way
        may = transfer.due_at is not None and not under_way if transfer.is_final else True
        return may and transfer.state != State.PENDING

    @invariant()
    def nobody_pays_twice(self) -> None:
        assert self.books.charges.count(self.life.transfer_id) <= 1

    @invariant()
    def history_is_whole_and_an_open_payment_is_owed_work(self) -> None:
        transfer = self.life.transfer
        assert transfer.is_final or transfer.due_at is not None
        found = history(self.app, self.life.transfer_id)
        assert [one.position for one in found] == list(range(1, len(found) + 1))
        assert (found[0].source, found[0].evidence) == (None, Evidence.ACCEPTED)
        for earlier, later in pairwise(found):
            assert later.source == earlier.target
            assert states.is_legal(State(earlier.target), State(later.target))
        assert found[-1].target == transfer.state

    def teardown(self) -> None:
        self.life.come_to_rest()
        transfer = self.life.transfer
        charged = transfer.id in self.books.charges
        assert transfer.is_final
        assert transfer.state == State.FAILED or charged
        if charged and transfer.state == State.FAILED:
            assert discrepancies(self.app, transfer.id)
        self.every_transition_was_told()

    def every_transition_was_told(self) -> None:
        transfer_id = self.life.transfer_id
        targets = [State(move.target) for move in history(self.app, transfer_id)]
        news = [kinds.RULES[Kind.PAYMENT].events.get(target) for target in targets]
        told = [one.type for one in events(self.app, transfer_id)]
        assert told == [event for event in news if event]


@pytest.mark.parametrize("examples", [8, pytest.param(80, marks=pytest.mark.long)])
@pytest.mark.timeout(600)
def test_a_payment_lives_any_life_and_is_charged_once_and_ends_true(
    app: Flask, merchant: Merchant, examples: int
) -> None:
    books = NetworkBooks()
    app.extensions["providers"] = {True: {books.profile.code: books}, False: {}}

    class ThisLife(Life):
        pass

    ThisLife.app, ThisLife.books, ThisLife.tenant_id = app, books, merchant.tenant_id
    run_state_machine_as_test(
        ThisLife,
        settings=settings(
            max_examples=examples,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    sequences = [one.sequence for one in events(app)]
    assert sequences == list(range(1, len(sequences) + 1))
    assert books.charges
