"""States, legal moves, the merchant event of each move, and what to do next. Read this first.

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

from zampay.webhooks import event_types


class State(StrEnum):
    """Where a payment stands, in our books (text in the database, with a CHECK)."""

    PENDING = "PENDING"
    SUBMITTING = "SUBMITTING"
    UNCONFIRMED = "UNCONFIRMED"
    PROCESSING = "PROCESSING"
    IN_REVIEW = "IN_REVIEW"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"


class Status(StrEnum):
    """Where a payment stands, as merchants see it."""

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


class Door(StrEnum):
    """What a due row is owed."""

    SUBMIT = "submit"
    ENQUIRE = "enquire"


@dataclass(frozen=True, slots=True)
class Phase:
    """All there is to know about a state: its public face, where it may go, what is owed."""

    status: Status
    moves: frozenset[State]
    door: Door | None
    event: str | None = None


_ENDS = frozenset({State.SUCCESSFUL, State.FAILED})

PHASES: dict[State, Phase] = {
    State.PENDING: Phase(
        Status.PENDING,
        _ENDS | {State.SUBMITTING, State.UNCONFIRMED, State.PROCESSING, State.IN_REVIEW},
        Door.SUBMIT,
    ),
    State.SUBMITTING: Phase(
        Status.PENDING,
        _ENDS | {State.PENDING, State.UNCONFIRMED, State.PROCESSING, State.IN_REVIEW},
        Door.ENQUIRE,
    ),
    State.UNCONFIRMED: Phase(
        Status.PENDING,
        _ENDS | {State.PENDING, State.PROCESSING, State.IN_REVIEW},
        Door.ENQUIRE,
    ),
    State.PROCESSING: Phase(
        Status.PROCESSING,
        _ENDS | {State.IN_REVIEW},
        Door.ENQUIRE,
        event=event_types.PAYMENT_PROCESSING,
    ),
    State.IN_REVIEW: Phase(
        Status.IN_REVIEW, _ENDS, Door.ENQUIRE, event=event_types.PAYMENT_IN_REVIEW
    ),
    State.SUCCESSFUL: Phase(
        Status.SUCCESSFUL, frozenset(), None, event=event_types.PAYMENT_SUCCESSFUL
    ),
    State.FAILED: Phase(Status.FAILED, frozenset(), None, event=event_types.PAYMENT_FAILED),
}

FINAL = frozenset(state for state, phase in PHASES.items() if not phase.moves)
OPEN = frozenset(State) - FINAL


def is_legal(source: State, target: State) -> bool:
    """Whether a payment may move from `source` to `target`."""
    return target in PHASES[source].moves


def states_of(status: Status) -> list[State]:
    """The states that merchants see as `status`."""
    return [state for state, phase in PHASES.items() if phase.status is status]


_LOOKS_S = (2, 3, 5, 5, 10, 10, 15, 15, 30, 30, 60, 60, 60, 120, 300, 600, 1800, 3600, 7200, 14400)
LOOKS = tuple(timedelta(seconds=seconds) for seconds in _LOOKS_S)
"""Delay after each enquiry: dense through the payer's five minutes, then hours, then steady."""

REVIEW_AFTER = timedelta(days=3)
"""From here on nobody can tell by waiting: the payment needs a person's attention."""

RECHECK_AFTER = timedelta(hours=1)
"""When an ending that networks have been seen to take back is looked at once more."""

REVIEW_LOOK = timedelta(days=1)
"""How often a payment in review is still asked about."""
