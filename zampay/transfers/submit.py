"""Sending a payment to its network: lease, call with no connection held, record what came of it.

Between the two transactions the row is SUBMITTING and its `due_at` is a lease: if this process
dies, the lease ends and the network is *asked* (`poll.py`), never sent to under another
reference.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app

from zampay.infra.database.db import Transaction, transaction
from zampay.infra.telemetry import logs
from zampay.kernel import backoff, clock
from zampay.providers import registry
from zampay.providers.contract import (
    Accepted,
    Declined,
    Failure,
    FailureCode,
    InDoubt,
    NotSent,
    Order,
    Provider,
    Submission,
)
from zampay.transfers import queries, results, states, transitions
from zampay.transfers.models import Payment
from zampay.transfers.states import Evidence, State

FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 120.0
NEVER_SENT = Failure(
    FailureCode.PROVIDER_UNAVAILABLE, "The network could not be reached; nothing was sent.", None
)


@dataclass(frozen=True, slots=True)
class Lease:
    """A row taken for one send: the order, its network, and which attempt it is."""

    order: Order
    provider: Provider
    attempt: int


def submit(*, tenant_id: str, payment_id: str) -> Submission | None:
    """Send one payment if it is due to be sent; what the network answered."""
    leased = lease(tenant_id, payment_id)
    if leased is None:
        return None
    outcome = leased.provider.submit(leased.order)
    with transaction(tenant_id) as tx:
        payment = queries.locked(tx, payment_id)
        with transitions.following_callbacks(tx, payment, since=leased.order.now):
            record(tx, payment, outcome, attempt=leased.attempt)
    return outcome


def lease(tenant_id: str, payment_id: str) -> Lease | None:
    """Take the row: SUBMITTING and leased, committed before the network hears a byte.

    A process that was held up for half of its lease must not send any more: `send_until_s`.
    """
    half_s = current_app.config["SUBMIT_LEASE"].total_seconds() / 2
    started_s = clock.monotonic_s()
    with transaction(tenant_id) as tx:
        payment = queries.locked_if_due(tx, payment_id)
        if payment is None or payment.state != State.PENDING:
            return None
        provider = registry.served(livemode=payment.livemode).get(payment.provider)
        if not _may_be_sent(tx, payment, provider):
            return None
        if provider is None:
            transitions.plan(payment, tx.now + timedelta(seconds=LONGEST_RETRY_S))
            return None
        logs.caused_by(payment.request_id)
        payment.submissions += 1
        payment.submitted_at = tx.now
        payment.network_account = provider.profile.account
        transitions.lease(payment, tx.now)
        payment.last_byte_at = payment.leased_until
        attempt = payment.submissions
        transitions.transition(
            tx,
            payment,
            State.SUBMITTING,
            evidence=Evidence.SUBMITTED,
            detail=f"attempt {attempt}, reference {payment.provider_reference}",
        )
        order = payment.order(tx.now, send_until_s=started_s + half_s)
    return Lease(order, provider, attempt)


def _may_be_sent(tx: Transaction, payment: Payment, provider: Provider | None) -> bool:
    """Whether a due row is to be sent now. What the network called back about is asked about, and
    so is what may have landed: before it is given up, and where it was sent by another account,
    whose reference the network would take from this one as a new one.
    """
    late = _is_out_of_time(payment, tx.now)
    payment.first_tried_at = payment.first_tried_at or tx.now
    if not payment.may_have_landed:
        if late:
            said = "not sent within the time for sending"
            results.fail(tx, payment, NEVER_SENT, Evidence.DEADLINE, said)
        return not late
    if payment.called_back_at is not None:
        results.doubt_again(tx, payment, Evidence.CALLBACK, "the network called back")
    elif late:
        results.doubt_again(tx, payment, Evidence.DEADLINE, "the time for sending is over")
    elif provider is not None and payment.is_anothers(provider.profile.account):
        results.doubt_again(tx, payment, Evidence.DEADLINE, "another account has sent it")
    else:
        return True
    tx.enqueue("transfers.poll", payment_id=payment.id, tenant_id=payment.tenant_id)
    return False


def _is_out_of_time(payment: Payment, now: datetime) -> bool:
    """The time for sending counts from the first try. While nobody works (a row that has long been
    due shows it) nothing expires: there is one more try.
    """
    tried_at: datetime | None = payment.first_tried_at
    if tried_at is None or payment.due_at is None:
        return False
    was_left_lying = now - payment.due_at > timedelta(seconds=LONGEST_RETRY_S)
    window: timedelta = current_app.config["SUBMIT_WINDOW"]
    return now > tried_at + window and (payment.may_have_landed or not was_left_lying)


def record(tx: Transaction, payment: Payment, outcome: Submission, *, attempt: int) -> None:
    """Write down what came of a send. An answer that comes late, when the row has moved on, only
    counts when it says that the network has the payment.
    """
    current = payment.state == State.SUBMITTING and payment.submissions == attempt
    if payment.submissions == attempt or (payment.last_byte_at or tx.now) < tx.now:
        payment.last_byte_at = tx.now
    if isinstance(outcome, Accepted):
        _acknowledge(tx, payment, outcome)
    elif not current:
        return
    elif isinstance(outcome, NotSent) and not payment.may_have_landed:
        _send_later(tx, payment, outcome)
    elif isinstance(outcome, Declined) and not payment.may_have_landed:
        results.fail(tx, payment, outcome.failure, Evidence.SUBMITTED, "refused by the network")
    else:
        _doubt(tx, payment, outcome)


def _acknowledge(tx: Transaction, payment: Payment, outcome: Accepted) -> None:
    """The network has it, whatever we thought meanwhile: look soon, also at one that has ended."""
    payment.acknowledged_at = payment.acknowledged_at or tx.now
    payment.polls = 0
    transitions.plan(payment, tx.now + states.POLL_SCHEDULE[0])
    if payment.is_final and payment.repoll_at is None:
        payment.repoll_at = payment.due_at
    if states.is_legal(State(payment.state), State.PROCESSING):
        transitions.transition(
            tx, payment, State.PROCESSING, evidence=Evidence.SUBMITTED, detail=outcome.detail
        )
    if outcome.result is not None:
        results.apply_result(tx, payment, outcome.result, evidence=Evidence.SUBMITTED)


def _send_later(tx: Transaction, payment: Payment, outcome: NotSent) -> None:
    delay = backoff.exponential(
        payment.submissions, first_s=FIRST_RETRY_S, ceiling_s=LONGEST_RETRY_S
    )
    if outcome.retry_after_s is not None:
        delay = max(delay, timedelta(seconds=min(outcome.retry_after_s, LONGEST_RETRY_S)))
    transitions.plan(payment, tx.now + delay)
    transitions.transition(
        tx,
        payment,
        State.PENDING,
        evidence=Evidence.SUBMITTED,
        detail=f"nothing was sent: {outcome.detail}",
    )


def _doubt(tx: Transaction, payment: Payment, outcome: InDoubt | Declined | NotSent) -> None:
    """The payment may be with the network, from this send or from an earlier one: ask soon.

    After a send in doubt even a clear no to the next one does not prove that the first was lost.
    """
    presumed = outcome.failure if isinstance(outcome, Declined) else None
    if isinstance(outcome, InDoubt):
        presumed = outcome.presumed
    payment.in_doubt = True
    payment.presumed_failure = transitions.stored(presumed) if presumed else None
    payment.polls = 0
    transitions.plan(payment, tx.now + states.POLL_SCHEDULE[0])
    said = outcome.failure.message if isinstance(outcome, Declined) else outcome.detail
    transitions.transition(
        tx, payment, State.UNCONFIRMED, evidence=Evidence.SUBMITTED, detail=f"in doubt: {said}"
    )
