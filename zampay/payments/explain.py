"""Why is it pending? A plain sentence or two and the facts behind them, from the evidence at hand.

`new_attempt` answers what a merchant with the payer at the counter needs to know: whether a new
payment for the same order could charge twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from zampay.infra.database.db import Transaction
from zampay.kernel.clock import rfc3339
from zampay.providers import registry
from zampay.providers.failures import Retry
from zampay.providers.profile import Profile
from zampay.transfers import callback_queries, queries, states
from zampay.transfers.models import Transfer
from zampay.transfers.states import Evidence, NextAction, State
from zampay.transfers.traces import Discrepancy, Transition

_NO_ANSWER = {State.SUBMITTING, State.UNCONFIRMED, State.PENDING}
"""Where a send leads of itself: what the network said of the payment is not in these moves."""


class NewAttempt(StrEnum):
    """Whether a new payment for the order could charge twice: it could not (SAFE); it could
    (UNSAFE); it could, and asking again before a certain time is pointless (WAIT_UNTIL).
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    WAIT_UNTIL = "wait_until"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The sentence and the facts; times are the database's."""

    payment: Transfer
    sentence: str
    network_said: Transition | None
    callbacks: int
    last_callback_at: datetime | None
    next_action: NextAction | None
    payer_hint: str | None
    new_attempt: NewAttempt
    wait_until: datetime | None


def explain(tx: Transaction, payment: Transfer) -> Explanation:
    """What is known about the payment, what happens next and when."""
    provider = registry.served(livemode=payment.livemode).get(payment.provider)
    history = queries.transitions(tx, payment.id)
    facts = _Facts(
        payment=payment,
        profile=provider.profile if provider else None,
        evidence=Evidence(history[-1].evidence),
        contradictions=queries.discrepancies(tx, payment.id),
        now=tx.now,
    )
    said = [move for move in history if _is_the_networks_word(move)]
    count, last_at = callback_queries.callbacks_seen(tx, payment.id)
    advice, until = _new_attempt(facts)
    return Explanation(
        payment=payment,
        sentence=_sentence(facts, advice, until),
        network_said=said[-1] if said else None,
        callbacks=count,
        last_callback_at=last_at,
        next_action=_next_action(payment),
        payer_hint=facts.profile.approval_hint if facts.profile and facts.is_prompted else None,
        new_attempt=advice,
        wait_until=until,
    )


def _next_action(payment: Transfer) -> NextAction | None:
    return None if payment.due_at is None else states.next_action(State(payment.state))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the words are chosen by; `evidence` is that of the last move."""

    payment: Transfer
    profile: Profile | None
    evidence: Evidence
    contradictions: list[Discrepancy]
    now: datetime

    @property
    def window(self) -> timedelta:
        """For how long the network leaves the payer its prompt."""
        return registry.capability(
            self.payment.provider, self.payment.kind, livemode=self.payment.livemode
        ).approval_window

    @property
    def prompt_ends_at(self) -> datetime | None:
        """When a prompt of the last send has run out; None if nothing was sent."""
        last_byte_at: datetime | None = self.payment.last_byte_at
        return last_byte_at + self.window if last_byte_at is not None else None

    @property
    def is_prompted(self) -> bool:
        """Whether the payer may have the prompt on the phone."""
        sent = self.payment.state in {State.UNCONFIRMED, State.PROCESSING}
        return sent and self.prompt_ends_at is not None and self.now < self.prompt_ends_at


def _is_the_networks_word(move: Transition) -> bool:
    """Whether an answer about this payment made the move."""
    if move.evidence in {Evidence.SUBMITTED, Evidence.CALLBACK}:
        return move.target not in _NO_ANSWER
    return move.evidence == Evidence.ENQUIRY


def _sentence(facts: _Facts, advice: NewAttempt, until: datetime | None) -> str:
    """What is known, and what it means for a new payment where that is not plain."""
    payment = facts.payment
    parts = [_standing(facts)]
    if payment.is_final and any(one.resolved_at is None for one in facts.contradictions):
        parts.append(_CONTRADICTED_SINCE)
    if payment.state == State.FAILED and payment.due_at is not None:
        parts.append(_ASKED_AGAIN)
    if payment.state != State.SUCCESSFUL and advice is not NewAttempt.SAFE:
        parts.append(_WARNINGS[advice])
    words = {
        "network": payment.provider,
        "minutes": int(facts.window.total_seconds() // 60),
        "failure": payment.failure["message"] if payment.failure else "",
        "until": rfc3339(until) if until else "",
        "next": rfc3339(payment.due_at) if payment.due_at else "",
    }
    text = " ".join(parts).format_map(words)
    return text if payment.livemode else f"Sandbox: {text}"


def _standing(facts: _Facts) -> str:
    """Where the payment stands, and on whose word."""
    state = State(facts.payment.state)
    decided = _DECIDED.get(facts.evidence, {}).get(state)
    if decided is not None:
        return decided
    if state is State.SUCCESSFUL and not facts.payment.livemode:
        return _WOULD_BE_SUCCESSFUL
    if state is State.IN_REVIEW and facts.contradictions:
        return _CONTRADICTED
    if state in {State.PROCESSING, State.UNCONFIRMED} and not facts.is_prompted:
        return _PROMPT_OVER[state]
    return _SENTENCES[state]


_SENTENCES = {
    State.PENDING: "We have accepted the payment and are about to send it to {network}.",
    State.SUBMITTING: "We are sending the payment to {network} at this moment.",
    State.UNCONFIRMED: (
        "We sent the payment to {network} and got no clear answer; the payer may be seeing the "
        "prompt, and we keep asking {network} what became of it."
    ),
    State.PROCESSING: (
        "{network} has the payment and is waiting for the payer to approve it on the phone; the "
        "prompt is valid for about {minutes} minutes."
    ),
    State.IN_REVIEW: (
        "{network} has not said how the payment ended, so that a person is looking into it; we "
        "look again every day."
    ),
    State.SUCCESSFUL: "{network} says that the money moved.",
    State.FAILED: "The payment failed: {failure}",
}
_PROMPT_OVER = {
    State.UNCONFIRMED: (
        "We sent the payment to {network} and got no clear answer; a prompt would have run out by "
        "now, and we keep asking {network} what became of it."
    ),
    State.PROCESSING: (
        "{network} has the payment and has not said how it ended; the prompt should have run out "
        "by now, and we keep asking."
    ),
}
_CONTRADICTED = (
    "What {network} says about the payment does not fit our books (amount, currency or id), so "
    "that a person is looking into it; we look again every day."
)
_CONTRADICTED_SINCE = (
    "What {network} has said besides does not fit this, so that a person is looking into it."
)
_ASKED_AGAIN = "Networks have taken such an ending back: {network} is asked again at {next}."
_WOULD_BE_SUCCESSFUL = "{network} would say that the money moved."
_DECIDED: dict[Evidence, dict[State, str]] = {
    Evidence.OPERATOR: {
        State.SUCCESSFUL: (
            "The gateway's operator has decided that the money moved; the audit log has the reason."
        ),
        State.FAILED: (
            "The gateway's operator has decided that no money moved; the audit log has the reason."
        ),
    },
    Evidence.TEST: {
        State.SUCCESSFUL: "A test call has made the payment successful.",
        State.FAILED: "A test call has made the payment fail: {failure}",
        State.IN_REVIEW: "A test call has given the payment to review; another one can end it.",
    },
}
"""Where it was not the network that said so, by whose word it was."""
_WARNINGS = {
    NewAttempt.UNSAFE: "A new payment for the same order could charge twice.",
    NewAttempt.WAIT_UNTIL: (
        "A new payment for the same order could charge twice. Ask this question again at {until}: "
        "that time makes nothing safe by itself."
    ),
}


def _new_attempt(facts: _Facts) -> tuple[NewAttempt, datetime | None]:
    """Only a failure that is not in question makes it safe; while the payer may approve, asking
    before the end is idle.
    """
    payment, prompt_ends_at = facts.payment, facts.prompt_ends_at
    failure = payment.current_failure
    if failure is not None:
        safe = failure["retry"] == Retry.SAFE
        return (NewAttempt.SAFE if safe else NewAttempt.UNSAFE), None
    if prompt_ends_at is None or facts.profile is None or payment.is_final:
        return NewAttempt.UNSAFE, None
    if payment.state != State.IN_REVIEW and facts.now < prompt_ends_at:
        return NewAttempt.WAIT_UNTIL, prompt_ends_at
    return NewAttempt.UNSAFE, None
