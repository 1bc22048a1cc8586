"""Sending a transfer to its network: lease, call with no connection held, record what came of it.

Between the two transactions the row is SUBMITTING and its `due_at` is a lease: if this process
dies, the lease ends and the network is *asked* (`poll.py`), never sent to under another
reference.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask import current_app

from zampay.infra.database.db import Transaction, transaction
from zampay.infra.telemetry import logs, metrics
from zampay.kernel import backoff, clock
from zampay.providers.contract import (
    Accepted,
    Declined,
    InDoubt,
    NotSent,
    Order,
    Provider,
    Submission,
    Throttled,
    TooLate,
)
from zampay.providers.failures import Failure, FailureCode
from zampay.transfers import locked_rows, results, states, transitions
from zampay.transfers.models import Transfer
from zampay.transfers.states import Evidence, State
from zampay.wallets import adapters

log = structlog.get_logger()
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


def submit(*, tenant_id: str, transfer_id: str) -> Submission | None:
    """Send one transfer if it is due to be sent; what the network answered."""
    leased = lease(tenant_id, transfer_id)
    if leased is None:
        return None
    outcome = leased.provider.submit(leased.order)
    with transaction(tenant_id) as tx:
        transfer = locked_rows.locked(tx, transfer_id)
        with transitions.following_callbacks(tx, transfer, since=leased.order.now):
            record(tx, transfer, outcome, attempt=leased.attempt)
    return outcome


def lease(tenant_id: str, transfer_id: str) -> Lease | None:
    """Take the row: SUBMITTING and leased, committed before the first byte goes out.

    A process that was held up for half of its lease must not send any more: `send_until_s`. Where
    the network's call blocks until the customer has answered, the lease is longer by that.
    """
    half_s = current_app.config["SUBMIT_LEASE"].total_seconds() / 2
    started_s = clock.monotonic_s()
    with transaction(tenant_id) as tx:
        transfer = locked_rows.locked_if_due(tx, transfer_id)
        if transfer is None or transfer.state != State.PENDING:
            return None
        provider = adapters.provider_of(
            tx, transfer.provider, transfer.wallet_id, livemode=transfer.livemode
        )
        if not _may_be_sent(tx, transfer, provider):
            return None
        if provider is None:
            transitions.plan(transfer, tx.now + timedelta(seconds=LONGEST_RETRY_S))
            return None
        logs.caused_by(transfer.request_id)
        transfer.submissions += 1
        transfer.submitted_at = tx.now
        transfer.network_account = provider.profile.account
        transitions.lease(transfer, tx.now, longer_by=transfer.capability.blocks_for)
        transfer.last_byte_at = transfer.leased_until
        attempt = transfer.submissions
        transitions.transition(
            tx,
            transfer,
            State.SUBMITTING,
            evidence=Evidence.SUBMITTED,
            detail=f"attempt {attempt}, reference {transfer.provider_reference}",
        )
        order = transfer.order(tx.now, send_until_s=started_s + half_s)
    return Lease(order, provider, attempt)


def _may_be_sent(tx: Transaction, transfer: Transfer, provider: Provider | None) -> bool:
    """Whether a due row is to be sent now. What the network called back about is asked about, and
    so is what may have landed: before it is given up, and where it was sent by another account,
    whose reference the network would take from this one as a new one.
    """
    late = _is_out_of_time(transfer, tx.now)
    transfer.first_tried_at = transfer.first_tried_at or tx.now
    if not transfer.may_have_landed:
        if late:
            said = "not sent within the time for sending"
            failure = results.presumed(transfer) or NEVER_SENT
            results.fail(tx, transfer, failure, Evidence.DEADLINE, said)
        return not late
    if transfer.called_back_at is not None:
        results.doubt_again(tx, transfer, Evidence.CALLBACK, "the network called back")
    elif late:
        results.doubt_again(tx, transfer, Evidence.DEADLINE, "the time for sending is over")
    elif provider is not None and transfer.is_anothers(provider.profile.account):
        results.doubt_again(tx, transfer, Evidence.DEADLINE, "another account has sent it")
    else:
        return True
    tx.enqueue("transfers.poll", **transfer.message)
    return False


def _is_out_of_time(transfer: Transfer, now: datetime) -> bool:
    """The time for sending counts from the first try. While nobody works (a row that has long been
    due shows it) nothing expires: there is one more try.
    """
    tried_at: datetime | None = transfer.first_tried_at
    if tried_at is None or transfer.due_at is None:
        return False
    was_left_lying = now - transfer.due_at > timedelta(seconds=LONGEST_RETRY_S)
    window: timedelta = current_app.config["SUBMIT_WINDOW"]
    return now > tried_at + window and (transfer.may_have_landed or not was_left_lying)


def record(tx: Transaction, transfer: Transfer, outcome: Submission, *, attempt: int) -> None:
    """Record the outcome of a send. An answer that comes late, when the row has moved on, only
    counts when it says that the network has the transfer.
    """
    current = transfer.state == State.SUBMITTING and transfer.submissions == attempt
    if transfer.submissions == attempt or (transfer.last_byte_at or tx.now) < tx.now:
        transfer.last_byte_at = tx.now
    if isinstance(outcome, Accepted):
        _acknowledge(tx, transfer, outcome)
    elif not current:
        return
    elif isinstance(outcome, NotSent | Throttled | TooLate) and not transfer.may_have_landed:
        _send_later(tx, transfer, outcome)
    elif isinstance(outcome, Declined) and not transfer.may_have_landed:
        results.fail(tx, transfer, outcome.failure, Evidence.SUBMITTED, "refused by the network")
    else:
        _doubt(tx, transfer, outcome)


def _acknowledge(tx: Transaction, transfer: Transfer, outcome: Accepted) -> None:
    """The network has it, whatever our books say: poll soon, even if it has ended."""
    transfer.acknowledged_at = transfer.acknowledged_at or tx.now
    transfer.polls = 0
    transitions.plan(transfer, tx.now + transfer.capability.poll_schedule[0])
    if transfer.is_final and transfer.repoll_at is None:
        transfer.repoll_at = transfer.due_at
    if states.is_legal(State(transfer.state), State.PROCESSING):
        transitions.transition(
            tx, transfer, State.PROCESSING, evidence=Evidence.SUBMITTED, detail=outcome.detail
        )
    if outcome.result is not None:
        results.apply_result(tx, transfer, outcome.result, evidence=Evidence.SUBMITTED)


def _send_later(
    tx: Transaction, transfer: Transfer, outcome: NotSent | Throttled | TooLate
) -> None:
    delay = backoff.exponential(
        transfer.submissions, first_s=FIRST_RETRY_S, ceiling_s=LONGEST_RETRY_S
    )
    if isinstance(outcome, Throttled) and outcome.retry_after_s is not None:
        delay = max(delay, timedelta(seconds=min(outcome.retry_after_s, LONGEST_RETRY_S)))
    _note_refusal(tx, transfer, outcome)
    transitions.plan(transfer, tx.now + delay)
    transitions.transition(
        tx,
        transfer,
        State.PENDING,
        evidence=Evidence.SUBMITTED,
        detail=f"nothing was sent: {outcome.detail}",
    )


def _note_refusal(
    tx: Transaction, transfer: Transfer, outcome: NotSent | Throttled | TooLate
) -> None:
    """Keep what the transfer fails as if its wallet stays refused; others' wallets are not."""
    refused = outcome.refused if isinstance(outcome, NotSent) else None
    transfer.presumed_failure = transitions.stored(refused) if refused else None
    if refused is None:
        return
    wallet = {"provider": transfer.provider, "wallet_id": transfer.wallet_id}

    def tell() -> None:
        log.warning("wallet_refused", transfer_id=transfer.id, **wallet)
        metrics.WALLET_REFUSED.labels(*wallet.values()).inc()

    tx.once_committed(tell)


def _doubt(tx: Transaction, transfer: Transfer, outcome: Submission) -> None:
    """The transfer may be with the network, from this send or an earlier one: poll soon.

    After a send in doubt even a clear no to the next one does not prove that the first was lost.
    """
    presumed = outcome.failure if isinstance(outcome, Declined) else None
    if isinstance(outcome, InDoubt):
        presumed = outcome.presumed
    transfer.in_doubt = True
    transfer.presumed_failure = transitions.stored(presumed) if presumed else None
    transfer.polls = 0
    transitions.plan(transfer, tx.now + transfer.capability.poll_schedule[0])
    said = outcome.failure.message if isinstance(outcome, Declined) else outcome.detail
    transitions.transition(
        tx, transfer, State.UNCONFIRMED, evidence=Evidence.SUBMITTED, detail=f"in doubt: {said}"
    )
