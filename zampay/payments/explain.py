"""Why is it pending? A plain sentence or two and the facts behind them, from the evidence at hand.

`new_attempt` answers what a merchant with the payer at the counter needs to know: whether a new
payment for the same order could charge twice.
"""

from collections.abc import Iterator
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


class Reason(StrEnum):
    """Where a payment stands, and on whose word: what a sentence says, for programs."""

    ABOUT_TO_SEND = "about_to_send"
    WALLET_REFUSED = "wallet_refused"
    SENDING = "sending"
    ASKING_PAYER = "asking_payer"
    NO_CLEAR_ANSWER = "no_clear_answer"
    NO_CLEAR_ANSWER_AND_PROMPT_OVER = "no_clear_answer_and_prompt_over"
    WAITING_FOR_PAYER = "waiting_for_payer"
    PROMPT_OVER = "prompt_over"
    NETWORK_SILENT = "network_silent"
    DOES_NOT_FIT = "does_not_fit"
    NETWORK_SAYS_SUCCESSFUL = "network_says_successful"
    SANDBOX_SAYS_SUCCESSFUL = "sandbox_says_successful"
    FAILED = "failed"
    OPERATOR_SAYS_SUCCESSFUL = "operator_says_successful"
    OPERATOR_SAYS_FAILED = "operator_says_failed"
    TEST_SAYS_SUCCESSFUL = "test_says_successful"
    TEST_SAYS_FAILED = "test_says_failed"
    TEST_SAYS_IN_REVIEW = "test_says_in_review"


class Note(StrEnum):
    """What is known besides: the network contradicts the end, or is asked again about it."""

    CONTRADICTED_SINCE = "contradicted_since"
    ASKED_AGAIN = "asked_again"


_NO_ANSWER = {State.SUBMITTING, State.UNCONFIRMED, State.PENDING}
"""Where a send leads of itself: what the network said of the payment is in none of these."""


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
    reason: Reason
    notes: tuple[Note, ...]
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
    provider = registry.networks(livemode=payment.livemode).get(payment.provider)
    history = queries.transitions(tx, payment.id)
    facts = _Facts(
        payment=payment,
        profile=provider.profile if provider else None,
        evidence=Evidence(history[-1].evidence),
        contradictions=queries.discrepancies(tx, payment.id),
        now=tx.now,
    )
    said = [transition for transition in history if _is_the_networks_word(transition)]
    count, last_at = callback_queries.callbacks_seen(tx, payment.id)
    advice, until = _new_attempt(facts)
    reason, notes = _reason(facts), tuple(_notes(facts))
    known = [_SENTENCES[reason], *(_NOTES[note] for note in notes)]
    return Explanation(
        payment=payment,
        reason=reason,
        notes=notes,
        sentence=_sentence(facts, known, advice, until),
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
    """What the words are chosen by; `evidence` is that of the last transition."""

    payment: Transfer
    profile: Profile | None
    evidence: Evidence
    contradictions: list[Discrepancy]
    now: datetime

    @property
    def window(self) -> timedelta:
        """For how long the network leaves the payer its prompt."""
        return self.payment.capability.approval_window

    @property
    def prompt_ends_at(self) -> datetime | None:
        """When a prompt of the last send has run out; None if nothing was sent."""
        last_byte_at: datetime | None = self.payment.last_byte_at
        return last_byte_at + self.window if last_byte_at is not None else None

    @property
    def is_asked_now(self) -> bool:
        """Whether a call is under way that lasts until the payer has answered."""
        return self.payment.state == State.SUBMITTING and bool(self.payment.capability.blocks_for)

    @property
    def is_prompted(self) -> bool:
        """Whether the payer may have the prompt on the phone."""
        sent = self.payment.state in {State.UNCONFIRMED, State.PROCESSING} or self.is_asked_now
        return sent and self.prompt_ends_at is not None and self.now < self.prompt_ends_at


def _is_the_networks_word(transition: Transition) -> bool:
    """Whether an answer about this payment made the transition."""
    if transition.evidence in {Evidence.SUBMITTED, Evidence.CALLBACK}:
        return transition.target not in _NO_ANSWER
    return transition.evidence == Evidence.ENQUIRY


def _reason(facts: _Facts) -> Reason:
    state = State(facts.payment.state)
    decided = _DECIDED.get((facts.evidence, state))
    if decided is not None:
        return decided
    if state is State.SUCCESSFUL and not facts.payment.livemode:
        return Reason.SANDBOX_SAYS_SUCCESSFUL
    if state is State.IN_REVIEW and facts.contradictions:
        return Reason.DOES_NOT_FIT
    if state is State.PENDING and facts.payment.presumed_failure:
        return Reason.WALLET_REFUSED
    if state in _PROMPT_OVER and not facts.is_prompted:
        return _PROMPT_OVER[state]
    return Reason.ASKING_PAYER if facts.is_asked_now else _REASONS[state]


def _notes(facts: _Facts) -> Iterator[Note]:
    payment = facts.payment
    if payment.is_final and any(one.resolved_at is None for one in facts.contradictions):
        yield Note.CONTRADICTED_SINCE
    if payment.state == State.FAILED and payment.due_at is not None:
        yield Note.ASKED_AGAIN


def _sentence(facts: _Facts, known: list[str], advice: NewAttempt, until: datetime | None) -> str:
    """What is known, and what it means for a new payment where that is not plain."""
    payment = facts.payment
    warn = payment.state != State.SUCCESSFUL and advice is not NewAttempt.SAFE
    words = {
        "network": payment.provider,
        "minutes": int(facts.window.total_seconds() // 60),
        "failure": payment.failure["message"] if payment.failure else "",
        "until": rfc3339(until) if until else "",
        "next": rfc3339(payment.due_at) if payment.due_at else "",
    }
    text = " ".join([*known, *([_WARNINGS[advice]] if warn else [])]).format_map(words)
    return text if payment.livemode else f"Sandbox: {text}"


_REASONS = {
    State.PENDING: Reason.ABOUT_TO_SEND,
    State.SUBMITTING: Reason.SENDING,
    State.UNCONFIRMED: Reason.NO_CLEAR_ANSWER,
    State.PROCESSING: Reason.WAITING_FOR_PAYER,
    State.IN_REVIEW: Reason.NETWORK_SILENT,
    State.SUCCESSFUL: Reason.NETWORK_SAYS_SUCCESSFUL,
    State.FAILED: Reason.FAILED,
}
_PROMPT_OVER = {
    State.UNCONFIRMED: Reason.NO_CLEAR_ANSWER_AND_PROMPT_OVER,
    State.PROCESSING: Reason.PROMPT_OVER,
}
_DECIDED = {
    (Evidence.OPERATOR, State.SUCCESSFUL): Reason.OPERATOR_SAYS_SUCCESSFUL,
    (Evidence.OPERATOR, State.FAILED): Reason.OPERATOR_SAYS_FAILED,
    (Evidence.TEST, State.SUCCESSFUL): Reason.TEST_SAYS_SUCCESSFUL,
    (Evidence.TEST, State.FAILED): Reason.TEST_SAYS_FAILED,
    (Evidence.TEST, State.IN_REVIEW): Reason.TEST_SAYS_IN_REVIEW,
}
"""Where it was not the network that said so, by whose word it was."""
_SENTENCES = {
    Reason.ABOUT_TO_SEND: "We have accepted the payment and are about to send it to {network}.",
    Reason.WALLET_REFUSED: (
        "{network} refuses the credentials of the wallet, so that the payment waits. It is sent as "
        "soon as {network} takes them, and fails if that lasts too long."
    ),
    Reason.SENDING: "We are sending the payment to {network} at this moment.",
    Reason.ASKING_PAYER: "{network} is asking the payer at this moment and answers only then.",
    Reason.NO_CLEAR_ANSWER: (
        "We sent the payment to {network} and got no clear answer; the payer may be seeing the "
        "prompt, and we keep asking {network} what became of it."
    ),
    Reason.NO_CLEAR_ANSWER_AND_PROMPT_OVER: (
        "We sent the payment to {network} and got no clear answer; a prompt would have run out by "
        "now, and we keep asking {network} what became of it."
    ),
    Reason.WAITING_FOR_PAYER: (
        "{network} has the payment and is waiting for the payer to approve it on the phone; the "
        "prompt is valid for about {minutes} minutes."
    ),
    Reason.PROMPT_OVER: (
        "{network} has the payment and has not said how it ended; the prompt should have run out "
        "by now, and we keep asking."
    ),
    Reason.NETWORK_SILENT: (
        "{network} has not said how the payment ended, so that a person is looking into it; we "
        "look again every day."
    ),
    Reason.DOES_NOT_FIT: (
        "What {network} says about the payment does not fit our books (amount, currency or id), so "
        "that a person is looking into it; we look again every day."
    ),
    Reason.NETWORK_SAYS_SUCCESSFUL: "{network} says that the money moved.",
    Reason.SANDBOX_SAYS_SUCCESSFUL: "{network} would say that the money moved.",
    Reason.FAILED: "The payment failed: {failure}",
    Reason.OPERATOR_SAYS_SUCCESSFUL: (
        "The gateway's operator has decided that the money moved; the audit log has the reason."
    ),
    Reason.OPERATOR_SAYS_FAILED: (
        "The gateway's operator has decided that no money moved; the audit log has the reason."
    ),
    Reason.TEST_SAYS_SUCCESSFUL: "A test call has made the payment successful.",
    Reason.TEST_SAYS_FAILED: "A test call has made the payment fail: {failure}",
    Reason.TEST_SAYS_IN_REVIEW: (
        "A test call has given the payment to review; another one can end it."
    ),
}
_NOTES = {
    Note.CONTRADICTED_SINCE: (
        "What {network} has said besides does not fit this, so that a person is looking into it."
    ),
    Note.ASKED_AGAIN: (
        "Networks have taken such an ending back: {network} is asked again at {next}."
    ),
}
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
