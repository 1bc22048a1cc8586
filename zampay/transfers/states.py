"""States, legal moves, and what a due row is owed. Read this first.

    PENDING ──► SUBMITTING ──► PROCESSING ──► SUCCESSFUL | FAILED
       ▲            │              │
       │            ▼              ▼
       └────── UNCONFIRMED ──► IN_REVIEW ──► SUCCESSFUL | FAILED

SUBMITTING holds a lease: whoever took it is calling the network now, or died doing so. UNCONFIRMED
is doubt: the order may have landed. From both the only way on is to ask the network; back to
PENDING (to be sent again, under the same reference) leads one edge each, taken when it is known
that nothing landed. Should the network's word arrive even then (an answer that was long under way),
it is followed: PENDING, too, goes to PROCESSING, IN_REVIEW or an end. Where a callback comes, or
the time for sending ends after doubt, it goes back to UNCONFIRMED and is asked about once more.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a transfer stands, in our books (text in the database, with a CHECK)."""

    PENDING = "PENDING"
    SUBMITTING = "SUBMITTING"
    UNCONFIRMED = "UNCONFIRMED"
    PROCESSING = "PROCESSING"
    IN_REVIEW = "IN_REVIEW"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"


class Status(StrEnum):
    """Where a transfer stands, as merchants see it."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    IN_REVIEW = "IN_REVIEW"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"


class Evidence(StrEnum):
    """By what a move was made."""

    ACCEPTED = "accepted"
    SUBMITTED = "submitted"
    ENQUIRY = "enquiry"
    CALLBACK = "callback"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    OPERATOR = "operator"
    TEST = "test"


class NextAction(StrEnum):
    """What a due row is owed."""

    SUBMIT = "submit"
    POLL = "poll"


@dataclass(frozen=True, slots=True)
class StateRule:
    """All there is to know about a state: what merchants see, where it may go, what is owed."""

    status: Status
    targets: frozenset[State]
    action: NextAction | None


_ENDS = frozenset({State.SUCCESSFUL, State.FAILED})

RULES: dict[State, StateRule] = {
    State.PENDING: StateRule(
        Status.PENDING,
        _ENDS | {State.SUBMITTING, State.UNCONFIRMED, State.PROCESSING, State.IN_REVIEW},
        NextAction.SUBMIT,
    ),
    State.SUBMITTING: StateRule(
        Status.PENDING,
        _ENDS | {State.PENDING, State.UNCONFIRMED, State.PROCESSING, State.IN_REVIEW},
        NextAction.POLL,
    ),
    State.UNCONFIRMED: StateRule(
        Status.PENDING,
        _ENDS | {State.PENDING, State.PROCESSING, State.IN_REVIEW},
        NextAction.POLL,
    ),
    State.PROCESSING: StateRule(
        Status.PROCESSING,
        _ENDS | {State.IN_REVIEW},
        NextAction.POLL,
    ),
    State.IN_REVIEW: StateRule(Status.IN_REVIEW, _ENDS, NextAction.POLL),
    State.SUCCESSFUL: StateRule(Status.SUCCESSFUL, frozenset(), None),
    State.FAILED: StateRule(Status.FAILED, frozenset(), None),
}

FINAL = frozenset(state for state, rule in RULES.items() if not rule.targets)
OPEN = frozenset(State) - FINAL


def is_legal(source: State, target: State) -> bool:
    """Whether a transfer may move from `source` to `target`."""
    return target in RULES[source].targets


def next_action(state: State) -> NextAction:
    """What a due row is owed: by its state, or a poll if it has ended and is due all the same."""
    return RULES[state].action or NextAction.POLL


def states_of(status: Status) -> list[State]:
    """The states that merchants see as `status`."""
    return [state for state, rule in RULES.items() if rule.status is status]


REVIEW_AFTER = timedelta(days=3)
"""From here on nobody can tell by waiting: the transfer needs a person's attention."""

REPOLL_AFTER = timedelta(hours=1)
"""When an ending that networks have been seen to take back is looked at once more."""

REVIEW_POLL_EVERY = timedelta(days=1)
"""How often a transfer in review is still asked about."""
