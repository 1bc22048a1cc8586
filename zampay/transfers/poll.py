"""Polls the network: what became of a transfer?

Nothing here depends on a callback: a callback only makes the next poll come sooner. What the
network says goes through `results.py`. What "not found" proves is decided here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app

from zampay.infra.database.db import Transaction, transaction
from zampay.infra.telemetry import logs
from zampay.kernel import backoff
from zampay.providers.contract import (
    NoAnswer,
    NotFound,
    Order,
    PollAnswer,
    Provider,
    ProviderResult,
    ResultStatus,
    Throttled,
)
from zampay.transfers import callback_queries, locked_rows, queries, results, states, transitions
from zampay.transfers.models import Transfer
from zampay.transfers.states import Evidence, NextAction, State
from zampay.wallets import adapters

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


def poll(*, tenant_id: str, transfer_id: str) -> PollAnswer | None:
    """Poll one transfer if it is due for a poll, act on the answer, and return it."""
    leased = lease(tenant_id, transfer_id)
    if leased is None:
        return None
    answer = leased.provider.poll(leased.order)
    with transaction(tenant_id) as tx:
        transfer = locked_rows.locked(tx, transfer_id)
        with transitions.following_callbacks(tx, transfer, since=leased.order.now):
            apply(tx, transfer, answer, leased)
    return answer


def lease(tenant_id: str, transfer_id: str) -> Lease | None:
    """Lease the row for one poll; callbacks so far count as processed. A
    copy of a callback may hold the row for a moment when the only message for all copies comes.
    """
    with transaction(tenant_id) as tx:
        transfer = locked_rows.locked_if_due(tx, transfer_id, waiting=True)
        if transfer is None:
            return None
        if transfer.state == State.PENDING and transfer.was_called_back:
            results.doubt_again(tx, transfer, Evidence.CALLBACK, "the network called back")
        if not is_to_be_polled(transfer):
            return None
        if queries.was_ended_by_a_test(tx, transfer):
            transfer.repoll_at = None
            transitions.plan(
                transfer, None if transfer.is_final else tx.now + states.REVIEW_POLL_EVERY
            )
            return None
        provider = adapters.provider_of(
            tx, transfer.provider, transfer.wallet_id, livemode=transfer.livemode
        )
        transitions.lease(transfer, tx.now)
        if provider is None or not transfer.capability.can_poll:
            _cannot_be_polled(tx, transfer)
            return None
        processed = callback_queries.mark_processed(tx, transfer.id)
        if not processed:  # otherwise the callback's own request is the cause
            logs.caused_by(transfer.request_id)
        return Lease(
            order=transfer.order(tx.now),
            provider=provider,
            submissions=transfer.submissions,
            evidence=Evidence.CALLBACK if processed else Evidence.ENQUIRY,
            until=transitions.lease_end(transfer),
        )


def is_to_be_polled(transfer: Transfer) -> bool:
    """Whether a due row is owed a poll: open and sent, or ended and due for one more poll."""
    return states.next_action(State(transfer.state)) is NextAction.POLL


def _cannot_be_polled(tx: Transaction, transfer: Transfer) -> None:
    """A network without a poll, or one no longer served: a person has to find out."""
    if transfer.is_final:
        transitions.plan(transfer, None)
        return
    transitions.plan(transfer, tx.now + states.REVIEW_POLL_EVERY)
    if transfer.state != State.IN_REVIEW:
        transitions.transition(
            tx,
            transfer,
            State.IN_REVIEW,
            evidence=Evidence.DEADLINE,
            detail="the network cannot be asked about it",
        )


def apply(tx: Transaction, transfer: Transfer, answer: PollAnswer, leased: Lease) -> None:
    """Apply the answer to a locked transfer, and plan the next poll."""
    sent_since = transfer.state == State.PENDING or transfer.submissions != leased.submissions
    if sent_since and not isinstance(answer, ProviderResult):
        return  # it is sent again, or will be: the answer is older, and the lease not ours
    if isinstance(answer, NotFound) and transfer.is_anothers(leased.provider.profile.account):
        answer = NoAnswer(f"{answer.detail}, but it was sent by another account")
    if not _ended_meanwhile(transfer, leased):
        _plan_the_next_poll(tx, transfer, answer)
    if isinstance(answer, ProviderResult):
        results.apply_result(tx, transfer, answer, evidence=leased.evidence)
    elif isinstance(answer, NotFound) and _proves_that_nothing_landed(transfer, leased):
        _never_landed(tx, transfer, answer)
    elif not isinstance(answer, Throttled) and transfer.state in _WAITED_FOR:
        results.review_if_old(tx, transfer, answer.detail)


def _ended_meanwhile(transfer: Transfer, leased: Lease) -> bool:
    """Whether the transfer ended during this poll: a poll after the end may be due, and an older
    answer does not stand for it. The lease tells; the times of two transactions could not, because
    one that began before the end may have taken the row after it.
    """
    return transfer.completed_at is not None and transfer.leased_until != leased.until


def _plan_the_next_poll(tx: Transaction, transfer: Transfer, answer: PollAnswer) -> None:
    planned = transitions.still_planned(transfer, tx.now)
    if isinstance(answer, Throttled):
        transitions.plan(transfer, planned)
        soon = tx.now + timedelta(seconds=answer.retry_after_s or 1)
        transitions.bring_forward(transfer, soon, tx.now)
    elif transfer.is_final and _settles(transfer, answer):
        still_to_come = transfer.repoll_at is not None and transfer.repoll_at > tx.now
        transfer.repoll_at = transfer.repoll_at if still_to_come else None
        transitions.plan(transfer, transfer.repoll_at)
    elif transfer.is_final and _has_been_polled_for_long(transfer, tx.now):
        transitions.plan(transfer, None)
    elif isinstance(answer, ProviderResult) and answer.poll_after is not None:
        transitions.plan(transfer, tx.now + answer.poll_after)
    elif planned is not None:
        transitions.plan(transfer, planned)
    else:
        _poll_again(tx, transfer)


def _settles(transfer: Transfer, answer: PollAnswer) -> bool:
    """Whether an answer settles an ending: the network names one, or does not know a reference of
    which it has never given a sign.
    """
    if isinstance(answer, ProviderResult):
        return answer.status is not ResultStatus.PENDING
    return isinstance(answer, NotFound) and not _gave_a_sign(transfer)


def _has_been_polled_for_long(transfer: Transfer, now: datetime) -> bool:
    """An ended transfer is asked about at the longest for as long as an open one."""
    assert transfer.completed_at is not None, "ended payments say when"
    return bool(now >= transfer.completed_at + states.REVIEW_AFTER)


def _gave_a_sign(transfer: Transfer) -> bool:
    """Whether the network has ever acknowledged the transfer or called back about it."""
    return transfer.acknowledged_at is not None or transfer.called_back_at is not None


def _poll_again(tx: Transaction, transfer: Transfer) -> None:
    transfer.polls += 1
    reviewed = transfer.state == State.IN_REVIEW
    delay = (
        backoff.jittered(states.REVIEW_POLL_EVERY)
        if reviewed
        else backoff.scheduled(transfer.polls + 1, transfer.capability.poll_schedule)
    )
    transitions.plan(transfer, tx.now + delay)


def _proves_that_nothing_landed(transfer: Transfer, leased: Lease) -> bool:
    """The network does not know a reference of which it has never given a sign, asked long enough
    after the last moment at which a byte of a send could go out, and nothing was sent since.
    """
    assert transfer.last_byte_at is not None, "only what was sent is asked about"
    grace = leased.provider.profile.capabilities[leased.order.kind].unknown_grace
    return (
        not transfer.is_final
        and not _gave_a_sign(transfer)
        and transfer.submissions == leased.submissions
        and leased.order.now - transfer.last_byte_at >= grace
    )


def _never_landed(tx: Transaction, transfer: Transfer, answer: NotFound) -> None:
    """Fail as presumed, or send again under the same reference while there is time."""
    presumed = results.presumed(transfer, repoll=True)
    tried_at = transfer.first_tried_at or transfer.created_at
    in_time = tx.now < tried_at + current_app.config["SUBMIT_WINDOW"]
    if presumed is not None:
        results.fail(tx, transfer, presumed, Evidence.ENQUIRY, f"{answer.detail}: it never landed")
    elif in_time and transfer.state != State.IN_REVIEW and transfer.capability.resend_is_safe:
        transfer.in_doubt = True
        transitions.plan(transfer, tx.now + _before_resending(transfer))
        transitions.transition(
            tx,
            transfer,
            State.PENDING,
            evidence=Evidence.ENQUIRY,
            detail=f"{answer.detail}: to be sent again, same reference",
        )
        tx.enqueue("transfers.submit", **transfer.message)
    else:
        said = f"{answer.detail}: it never landed"
        results.fail(tx, transfer, results.NEVER_LANDED, Evidence.ENQUIRY, said)


def _before_resending(transfer: Transfer) -> timedelta:
    """What was lost once is sent again at once; what is lost again and again (503) is left
    longer each time.
    """
    if transfer.submissions == 1:
        return timedelta(0)
    return backoff.exponential(
        transfer.submissions - 1, first_s=FIRST_RESEND_S, ceiling_s=LONGEST_RESEND_S
    )
