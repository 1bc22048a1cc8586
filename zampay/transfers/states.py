"""States, legal moves, and what a due row is owed. Read this first.

    PENDING ──► SUBMITTING ──► PROCESSING ──► SUCCESSFUL | FAILED
       ▲            │              │
       │            ▼              ▼
       └────── UNCONFIRMED ──► IN_REVIEW ──► SUCCESSFUL | FAILED

SUBMITTING holds a lease: a worker is calling the network now, or died doing so. UNCONFIRMED is
doubt: the order may have landed. Both are polled. They go back to PENDING, to be sent again under
the same reference, only when it is known that nothing landed. An answer of the network may still
come then, so PENDING too goes to PROCESSING, IN_REVIEW or an end. After a callback, or when the
time for sending ends after doubt, PENDING goes back to UNCONFIRMED and is polled once more.
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
    """On what evidence a transition was made."""

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
"""After this, waiting settles nothing: a person must look at the transfer. A network's profile may
say an earlier time (`Capability.review_after`)."""

REPOLL_AFTER = timedelta(hours=1)
"""When an ending that networks have been seen to take back is polled once more."""

REVIEW_POLL_EVERY = timedelta(days=1)
"""How often a transfer in review is still polled."""
