"""The map of states: whole, leading somewhere, and with no way back from an end."""

from itertools import pairwise, product
from pathlib import Path

import pytest

from zampay.kernel import clock
from zampay.providers.profile import POLL_SCHEDULE
from zampay.transfers import kinds, states, transitions
from zampay.transfers.models import IllegalTransition, Transfer
from zampay.transfers.states import FINAL, OPEN, RULES, NextAction, State, Status


def test_every_state_has_its_phase() -> None:
    assert set(RULES) == set(State)


def test_the_ends_are_two_and_nothing_leads_out_of_them() -> None:
    assert frozenset({State.SUCCESSFUL, State.FAILED}) == FINAL
    assert all(not RULES[end].targets and RULES[end].action is None for end in FINAL)


def test_from_every_open_state_both_ends_can_be_reached_and_something_is_owed() -> None:
    for state in OPEN:
        assert RULES[state].targets >= FINAL
        assert RULES[state].action is not None


def test_only_a_pending_payment_is_ever_sent() -> None:
    assert [state for state in State if RULES[state].action is NextAction.SUBMIT] == [State.PENDING]
    assert [state for state in State if State.SUBMITTING in RULES[state].targets] == [State.PENDING]


def test_what_the_network_acknowledged_never_goes_back_to_where_it_may_be_sent() -> None:
    reached, ahead = set[State](), {State.PROCESSING}
    while ahead:
        reached |= ahead
        ahead = {after for state in ahead for after in RULES[state].targets} - reached
    assert reached == {State.PROCESSING, State.IN_REVIEW, *FINAL}


def test_no_state_moves_to_itself() -> None:
    assert not any(states.is_legal(state, state) for state in State)


def test_merchants_see_five_statuses_and_each_state_belongs_to_one() -> None:
    shown = {status: states.states_of(status) for status in Status}
    assert sorted(state for found in shown.values() for state in found) == sorted(State)
    assert shown[Status.PENDING] == [State.PENDING, State.SUBMITTING, State.UNCONFIRMED]


def test_a_move_has_an_event_exactly_when_merchants_see_another_status() -> None:
    shown = {state: rule.status for state, rule in RULES.items()}
    for kind, rule in kinds.RULES.items():
        assert rule.events == {
            state: f"{kind}.{status.lower()}"
            for state, status in shown.items()
            if status is not Status.PENDING
        }


@pytest.mark.parametrize(("source", "target"), list(product(State, State)))
def test_a_row_moves_as_the_map_says_and_in_no_other_way(source: State, target: State) -> None:
    transfer = Transfer(id="pay_1", state=source, position=7, due_at=clock.utcnow())
    if states.is_legal(source, target):
        transitions._enter(transfer, target, clock.utcnow())
        assert (transfer.state, transfer.position) == (target, 8)
        assert (transfer.completed_at is not None) == (target in FINAL)
        assert (transfer.due_at is None) == (target in FINAL)
    else:
        with pytest.raises(IllegalTransition):
            transitions._enter(transfer, target, clock.utcnow())
        assert (transfer.state, transfer.position) == (source, 7)


def test_looks_never_come_sooner_than_the_one_before() -> None:
    assert all(earlier <= later for earlier, later in pairwise(POLL_SCHEDULE))
    assert POLL_SCHEDULE[0].total_seconds() <= 3


def test_the_page_that_everybody_reads_first_stays_short() -> None:
    text = Path(states.__file__).read_text(encoding="utf-8")
    assert text.count("\n") <= 150
