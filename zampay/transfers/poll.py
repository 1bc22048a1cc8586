"""Asking the network what became of a payment.

Nothing here depends on a callback: a callback only makes the next look come sooner. What the
network says goes through `results.py`; what its not knowing a reference proves is decided here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from zampay.infra.database.db import Transaction, transaction
from zampay.infra.telemetry import logs
from zampay.kernel import backoff
from zampay.providers import registry
from zampay.providers.contract import (
    Failure,
    FailureCode,
    NoAnswer,
    NotFound,
    NotSent,
    Order,
    PollAnswer,
    Provider,
    ProviderResult,
    ResultStatus,
    Retry,
)
from zampay.transfers import queries, results, states, transitions
from zampay.transfers.models import Callback, Payment
from zampay.transfers.states import Evidence, NextAction, State

FIRST_RESEND_S = 2.0
LONGEST_RESEND_S = 60.0
_WAITED_FOR = states.OPEN - {State.PENDING, State.IN_REVIEW}


@dataclass(frozen=True, slots=True)
class Lease:
    """A row taken for one poll: what is asked, of whom, and why."""

    order: Order
    provider: Provider
    submissions: int
    evidence: Evidence
    until: datetime


def poll(*, tenant_id: str, payment_id: str) -> PollAnswer | None:
    """Ask about one payment if it is due to be asked about, and act on the answer: return it."""
    leased = lease(tenant_id, payment_id)
    if leased is None:
        return None
    answer = leased.provider.poll(leased.order)
    with transaction(tenant_id) as tx:
        payment = queries.locked(tx, payment_id)
        with transitions.following_callbacks(tx, payment, since=leased.order.now):
            apply(tx, payment, answer, leased)
    return answer


def lease(tenant_id: str, payment_id: str) -> Lease | None:
    """Take the row for one poll: `due_at` is a lease, and callbacks so far count as processed. A
    copy of a callback may hold the row for a moment when the only message for all copies comes.
    """
    with transaction(tenant_id) as tx:
        payment = queries.locked_if_due(tx, payment_id, waiting=True)
        if payment is None:
            return None
        if payment.state == State.PENDING and payment.was_called_back:
            results.doubt_again(tx, payment, Evidence.CALLBACK, "the network called back")
        if not is_to_be_polled(payment):
            return None
        if queries.was_ended_by_a_test(tx, payment):
            payment.repoll_at = None
            transitions.plan(
                payment, None if payment.is_final else tx.now + states.REVIEW_POLL_EVERY
            )
            return None
        provider = registry.served(livemode=payment.livemode).get(payment.provider)
        transitions.lease(payment, tx.now)
        if provider is None or not provider.profile.can_poll:
            _cannot_be_polled(tx, payment)
            return None
        processed = _mark_callbacks_processed(tx, payment_id)
        if not processed:  # otherwise the callback's own request is the cause
            logs.caused_by(payment.request_id)
        return Lease(
            order=payment.order(tx.now),
            provider=provider,
            submissions=payment.submissions,
            evidence=Evidence.CALLBACK if processed else Evidence.ENQUIRY,
            until=transitions.lease_end(payment),
        )


def is_to_be_polled(payment: Payment) -> bool:
    """Whether a due row is owed a poll: open and sent, or ended and due for one more look."""
    return states.next_action(State(payment.state)) is NextAction.POLL


def _mark_callbacks_processed(tx: Transaction, payment_id: str) -> bool:
    processed = tx.session.execute(
        sa.update(Callback)
        .where(
            Callback.tenant_id == tx.tenant_id,
            Callback.payment_id == payment_id,
            Callback.processed_at.is_(None),
        )
        .values(processed_at=tx.now)
        .returning(Callback.id)
    )
    return processed.first() is not None


def _cannot_be_polled(tx: Transaction, payment: Payment) -> None:
    """A network without a poll, or one no longer served: a person has to find out."""
    if payment.is_final:
        transitions.plan(payment, None)
        return
    transitions.plan(payment, tx.now + states.REVIEW_POLL_EVERY)
    if payment.state != State.IN_REVIEW:
        transitions.transition(
            tx,
            payment,
            State.IN_REVIEW,
            evidence=Evidence.DEADLINE,
            detail="the network cannot be asked about it",
        )


def apply(tx: Transaction, payment: Payment, answer: PollAnswer, leased: Lease) -> None:
    """Do to a locked payment what the answer says, and plan the next poll."""
    sent_since = payment.state == State.PENDING or payment.submissions != leased.submissions
    if sent_since and not isinstance(answer, ProviderResult):
        return  # it is sent again, or will be: the answer is older, and the lease not ours
    if isinstance(answer, NotFound) and payment.is_anothers(leased.provider.profile.account):
        answer = NoAnswer(f"{answer.detail}, but it was sent by another account")
    if not _ended_meanwhile(payment, leased):
        _plan_the_next_poll(tx, payment, answer)
    if isinstance(answer, ProviderResult):
        results.apply_result(tx, payment, answer, evidence=leased.evidence)
    elif isinstance(answer, NotFound) and _proves_that_nothing_landed(payment, leased):
        _never_landed(tx, payment, answer)
    elif not isinstance(answer, NotSent) and payment.state in _WAITED_FOR:
        results.review_if_old(tx, payment, answer.detail)


def _ended_meanwhile(payment: Payment, leased: Lease) -> bool:
    """Whether the payment ended during this poll: a poll after the end may be due, and an older
    answer does not stand for it. The lease tells; the times of two transactions could not, because
    one that began before the end may have taken the row after it.
    """
    return payment.completed_at is not None and payment.leased_until != leased.until


def _plan_the_next_poll(tx: Transaction, payment: Payment, answer: PollAnswer) -> None:
    planned = transitions.still_planned(payment, tx.now)
    if isinstance(answer, NotSent):
        transitions.plan(payment, planned)
        soon = tx.now + timedelta(seconds=answer.retry_after_s or 1)
        transitions.bring_forward(payment, soon, tx.now)
    elif payment.is_final and _settles(payment, answer):
        still_to_come = payment.repoll_at is not None and payment.repoll_at > tx.now
        payment.repoll_at = payment.repoll_at if still_to_come else None
        transitions.plan(payment, payment.repoll_at)
    elif payment.is_final and _has_been_polled_for_long(payment, tx.now):
        transitions.plan(payment, None)
    elif isinstance(answer, ProviderResult) and answer.poll_after is not None:
        transitions.plan(payment, tx.now + answer.poll_after)
    elif planned is not None:
        transitions.plan(payment, planned)
    else:
        _poll_again(tx, payment)


def _settles(payment: Payment, answer: PollAnswer) -> bool:
    """Whether an answer settles an ending: the network names one, or does not know a reference of
    which it has never given a sign.
    """
    if isinstance(answer, ProviderResult):
        return answer.status is not ResultStatus.PENDING
    return isinstance(answer, NotFound) and not _gave_a_sign(payment)


def _has_been_polled_for_long(payment: Payment, now: datetime) -> bool:
    """An ended payment is asked about at the longest for as long as an open one."""
    assert payment.completed_at is not None, "ended payments say when"
    return bool(now >= payment.completed_at + states.REVIEW_AFTER)


def _gave_a_sign(payment: Payment) -> bool:
    """Whether the network has ever acknowledged the payment or called back about it."""
    return payment.acknowledged_at is not None or payment.called_back_at is not None


def _poll_again(tx: Transaction, payment: Payment) -> None:
    payment.polls += 1
    reviewed = payment.state == State.IN_REVIEW
    delay = (
        backoff.jittered(states.REVIEW_POLL_EVERY)
        if reviewed
        else backoff.scheduled(payment.polls, states.POLL_SCHEDULE)
    )
    transitions.plan(payment, tx.now + delay)


def _proves_that_nothing_landed(payment: Payment, leased: Lease) -> bool:
    """The network does not know a reference of which it has never given a sign, asked long enough
    after the last moment at which a byte of a send could go out, and nothing was sent since.
    """
    return (
        not payment.is_final
        and not _gave_a_sign(payment)
        and payment.submissions == leased.submissions
        and leased.order.now - transitions.last_byte_at(payment)
        >= leased.provider.profile.unknown_grace
    )


def _never_landed(tx: Transaction, payment: Payment, answer: NotFound) -> None:
    """Fail as presumed, or send again under the same reference while there is time."""
    presumed = payment.presumed_failure
    tried_at = payment.first_tried_at or payment.created_at
    in_time = tx.now < tried_at + current_app.config["SUBMIT_WINDOW"]
    if presumed is not None:
        failure = Failure(
            FailureCode(presumed["code"]),
            presumed["message"],
            presumed["providerCode"],
            Retry(presumed["retry"]),
            repoll=True,
        )
        results.fail(tx, payment, failure, Evidence.ENQUIRY, f"{answer.detail}: it never landed")
    elif in_time and payment.state != State.IN_REVIEW and _may_resend(payment):
        payment.in_doubt = True
        transitions.plan(payment, tx.now + _before_resending(payment))
        transitions.transition(
            tx,
            payment,
            State.PENDING,
            evidence=Evidence.ENQUIRY,
            detail=f"{answer.detail}: to be sent again, same reference",
        )
        tx.enqueue("transfers.submit", payment_id=payment.id, tenant_id=payment.tenant_id)
    else:
        said = f"{answer.detail}: it never landed"
        results.fail(tx, payment, results.NEVER_LANDED, Evidence.ENQUIRY, said)


def _before_resending(payment: Payment) -> timedelta:
    """Once lost is sent again at once; lost again and again (a network that answers 503) is left
    longer each time.
    """
    if payment.submissions == 1:
        return timedelta(0)
    return backoff.exponential(
        payment.submissions - 1, first_s=FIRST_RESEND_S, ceiling_s=LONGEST_RESEND_S
    )


def _may_resend(payment: Payment) -> bool:
    provider = registry.provider(payment.provider, livemode=payment.livemode)
    return provider.profile.resend_is_safe
