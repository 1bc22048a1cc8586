"""Why is it pending? A plain sentence or two and the facts behind them, from the evidence at hand.

`new_attempt` answers what a merchant with the payer at the counter needs to know: whether a new
payment for the same order could charge twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from zampay.infra.database.db import Transaction
from zampay.kernel.clock import rfc3339
from zampay.payments.reasons import NOTES, SENTENCES, WARNINGS, NewAttempt, Note, Reason
from zampay.providers import registry
from zampay.providers.failures import Retry
from zampay.providers.profile import Profile
from zampay.transfers import callback_queries, network_states, queries, states
from zampay.transfers.models import Transfer
from zampay.transfers.network_states import Found
from zampay.transfers.states import Evidence, NextAction, State
from zampay.transfers.traces import Discrepancy, Transition

_NO_ANSWER = {State.SUBMITTING, State.UNCONFIRMED, State.PENDING}
"""Where a send leads of itself: what the network said of the payment is in none of these."""


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
        network=_network(tx, payment),
        now=tx.now,
    )
    said = [transition for transition in history if _is_the_networks_word(transition)]
    count, last_at = callback_queries.callbacks_seen(tx, payment.id)
    advice, until = _new_attempt(facts)
    reason, notes = _reason(facts), tuple(_notes(facts))
    known = [SENTENCES[reason], *(NOTES[note] for note in notes)]
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


def _network(tx: Transaction, payment: Transfer) -> Found:
    """How the network is for the payment's wallet, where that makes it wait."""
    if payment.state != State.PENDING or not payment.livemode:
        return Found()
    return network_states.found(tx).get((payment.provider, payment.wallet_id), Found())


def _next_action(payment: Transfer) -> NextAction | None:
    return None if payment.due_at is None else states.next_action(State(payment.state))


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the words are chosen by; `evidence` is that of the last transition."""

    payment: Transfer
    profile: Profile | None
    evidence: Evidence
    contradictions: list[Discrepancy]
    network: Found
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
    if state is State.PENDING:
        return _reason_to_wait(facts)
    if state in _PROMPT_OVER and not facts.is_prompted:
        return _PROMPT_OVER[state]
    return Reason.ASKING_PAYER if facts.is_asked_now else _REASONS[state]


def _reason_to_wait(facts: _Facts) -> Reason:
    if facts.payment.presumed_failure:
        return Reason.WALLET_REFUSED
    return Reason.NETWORK_DEGRADED if facts.network.sends_wait else Reason.ABOUT_TO_SEND


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
        "since": rfc3339(facts.network.since) if facts.network.since else "",
        "why": facts.network.reason or "",
        "next": rfc3339(payment.due_at) if payment.due_at else "",
    }
    text = " ".join([*known, *([WARNINGS[advice]] if warn else [])]).format_map(words)
    return text if payment.livemode else f"Sandbox: {text}"


_REASONS = {
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
