"""Why is it pending? One plain sentence and the facts behind it, from the evidence at hand.

`new_attempt` answers what a merchant with the payer at the counter needs to know: whether a new
payment for the same order could charge twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from zampay.infra.db import Transaction
from zampay.payments import queries, states
from zampay.payments.models import Move, Payment
from zampay.payments.states import Door, Evidence, State
from zampay.providers import registry
from zampay.providers.contract import Profile, Retry

_FROM_NETWORK = {Evidence.SUBMITTED, Evidence.ENQUIRY, Evidence.CALLBACK}


class NewAttempt(StrEnum):
    """Whether a new payment under a new external id may be made now."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    WAIT_UNTIL = "wait_until"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The sentence and the facts; times are the database's."""

    payment: Payment
    sentence: str
    network_said: Move | None
    callbacks: int
    last_callback_at: datetime | None
    next_action: Door | None
    payer_hint: str | None
    new_attempt: NewAttempt
    wait_until: datetime | None


def explain(tx: Transaction, payment: Payment) -> Explanation:
    """What is known about the payment, what happens next and when."""
    provider = registry.served(livemode=payment.livemode).get(payment.provider)
    profile = provider.profile if provider else None
    history = queries.moves(tx, payment.id)
    said = [move for move in history if move.source and move.evidence in _FROM_NETWORK]
    count, last_at = queries.callbacks_seen(tx, payment.id)
    advice, until = _new_attempt(payment, profile, tx.now)
    asking = payment.state in {State.SUBMITTING, State.UNCONFIRMED, State.PROCESSING}
    return Explanation(
        payment=payment,
        sentence=_SENTENCES[State(payment.state)].format_map(_words(payment, profile)),
        network_said=said[-1] if said else None,
        callbacks=count,
        last_callback_at=last_at,
        next_action=None if payment.is_final else states.PHASES[State(payment.state)].door,
        payer_hint=profile.approval_hint if profile and asking else None,
        new_attempt=advice,
        wait_until=until,
    )


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
        "keep asking every day."
    ),
    State.SUCCESSFUL: "{network} says that the money moved.",
    State.FAILED: "The payment failed: {failure}",
}


def _words(payment: Payment, profile: Profile | None) -> dict[str, Any]:
    window = profile.approval_window if profile else timedelta(minutes=5)
    return {
        "network": payment.provider,
        "minutes": int(window.total_seconds() // 60),
        "failure": payment.failure["message"] if payment.failure else "",
    }


def _new_attempt(
    payment: Payment, profile: Profile | None, now: datetime
) -> tuple[NewAttempt, datetime | None]:
    """While the payer may still approve, wait; after that only an ending makes it safe."""
    if payment.failure is not None:
        safe = payment.failure["retry"] == Retry.SAFE
        return (NewAttempt.SAFE if safe else NewAttempt.UNSAFE), None
    if payment.submitted_at is None or profile is None or payment.is_final:
        return NewAttempt.UNSAFE, None
    prompt_ends_at = payment.submitted_at + profile.approval_window
    if payment.state != State.IN_REVIEW and now < prompt_ends_at:
        return NewAttempt.WAIT_UNTIL, prompt_ends_at
    return NewAttempt.UNSAFE, None
