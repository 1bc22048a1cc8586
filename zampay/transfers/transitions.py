"""The only writer of a transfer's state and of when it is worked on next (`due_at`).

A transition changes the state, its history and the merchant's event in the caller's transaction:
all or none. Call it last, because the event takes the tenant's next number and holds it until the
commit (see `webhooks.events.publish`).

`due_at` is when the row is owed work; `leased_until` says that a worker has it now, and the row
is not due before that. `planned_at` keeps the planned poll while a hint (a callback, an operator)
has brought `due_at` forward, so that a hint neither delays that poll nor takes its place.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import current_app

from zampay.infra.database.db import Transaction
from zampay.infra.telemetry import metrics
from zampay.providers.failures import Failure, Retry
from zampay.transfers import callback_queries, kinds, locked_rows, states
from zampay.transfers.locked_rows import HistoryLine
from zampay.transfers.models import ONCE_CONFIRMED, IllegalTransition, Transfer
from zampay.transfers.states import Evidence, State
from zampay.webhooks import events

log = structlog.get_logger()
LIVEMODES = ("true", "false")
AFTER_A_FLOOD = timedelta(seconds=5)
"""Where there are too many callbacks to keep, a poll follows this often at most."""


def start_counts() -> None:
    """Show every legal transition at zero; see `metrics.start_at_zero`."""
    for source, rule in states.RULES.items():
        metrics.start_at_zero(metrics.TRANSITIONS, [source], sorted(rule.targets), LIVEMODES)


def transition(
    tx: Transaction,
    transfer: Transfer,
    target: State,
    *,
    evidence: Evidence,
    detail: str,
    failure: Failure | None = None,
) -> None:
    """Change the state of a locked transfer.

    Raises:
        IllegalTransition: a defect in the caller.
    """
    assert (failure is not None) == (target is State.FAILED), "a failure says why, exactly then"
    source = transfer.state
    if failure is not None:
        transfer.failure = _as_told(failure)
    _enter(transfer, target, tx.now)
    if failure is not None and failure.repoll:
        transfer.repoll_at = tx.now + states.REPOLL_AFTER
        plan(transfer, transfer.repoll_at)
    locked_rows.save(tx, transfer, HistoryLine(source, str(evidence), detail))
    tx.once_committed(lambda: _log_and_count(transfer, source, str(target), str(evidence), failure))
    rule = kinds.rule(transfer.kind)
    event_type = rule.events.get(target)
    if event_type is not None:
        events.publish(
            tx,
            livemode=transfer.livemode,
            event_type=event_type,
            subject_id=transfer.id,
            position=transfer.position,
            data=rule.view.dump(transfer),
        )


def _enter(transfer: Transfer, state: State, now: datetime) -> None:
    if not states.is_legal(State(transfer.state), state):
        raise IllegalTransition(f"{transfer.id}: {transfer.state} -> {state}")
    transfer.state = state
    transfer.position += 1
    transfer.updated_at = now
    if state is State.PROCESSING:
        transfer.acknowledged_at = now
    if state in states.FINAL:
        transfer.completed_at = now
        plan(transfer, None)


def _log_and_count(
    transfer: Transfer, source: str, target: str, by: str, failure: Failure | None
) -> None:
    """Log and count a committed transition."""
    code = {"failure": str(failure.code)} if failure else {}
    log.info("transition", transfer_id=transfer.id, source=source, target=target, by=by, **code)
    livemode = str(transfer.livemode).lower()
    metrics.TRANSITIONS.labels(source, target, livemode).inc()
    if failure is not None:
        metrics.FAILURES.labels(transfer.provider, str(failure.code), livemode).inc()


def _as_told(failure: Failure) -> dict[str, Any]:
    """A failure as it is kept for good: an ending that is looked at again promises nothing yet."""
    kept = stored(failure)
    if failure.repoll:
        kept |= {"retry": str(Retry.UNSAFE), ONCE_CONFIRMED: str(failure.retry)}
    return kept


def stored(failure: Failure) -> dict[str, Any]:
    """A failure as plain JSON."""
    return {
        "code": str(failure.code),
        "message": failure.message,
        "providerCode": failure.provider_code,
        "retry": str(failure.retry),
    }


def plan(transfer: Transfer, at: datetime | None) -> None:
    """The next work is at this time (None: no work is left), and nobody is at it now."""
    transfer.due_at, transfer.planned_at, transfer.leased_until = at, None, None


def lease(transfer: Transfer, now: datetime, *, longer_by: timedelta = timedelta(0)) -> None:
    """Take the row: nobody else takes it before the lease ends. What was planned for later stays
    planned.
    """
    until = now + current_app.config["SUBMIT_LEASE"] + longer_by
    transfer.due_at = transfer.leased_until = until
    transfer.planned_at = still_planned(transfer, now)


def lease_end(transfer: Transfer) -> datetime:
    """When the lease of a leased row ends; whoever took it knows it again by this."""
    assert transfer.leased_until is not None, "only a leased row has one"
    return transfer.leased_until


def is_leased(transfer: Transfer, now: datetime) -> bool:
    """Whether a worker is sending or polling the transfer now."""
    return transfer.leased_until is not None and transfer.leased_until > now


def still_planned(transfer: Transfer, now: datetime) -> datetime | None:
    """The planned poll, if this work only comes before it and does not stand for it."""
    planned: datetime | None = transfer.planned_at
    return planned if planned is not None and planned > now else None


def bring_forward(transfer: Transfer, at: datetime, now: datetime) -> None:
    """Let the next poll come at this time, if it was planned for later. A lease is not shortened:
    who holds it sees to the hint. An ended transfer is in question again until the poll is made.
    """
    if transfer.is_final and transfer.repoll_at is None:
        transfer.repoll_at = at
    if is_leased(transfer, now) or (transfer.due_at is not None and transfer.due_at <= at):
        return
    transfer.planned_at = transfer.planned_at or transfer.due_at
    transfer.due_at = at


@contextmanager
def following_callbacks(tx: Transaction, transfer: Transfer, *, since: datetime) -> Iterator[None]:
    """Around what an answer does to the transfer: let a poll follow callbacks that came during the
    lease taken at `since`. They did not shorten it, and the queue's message for them may have been
    passed over. An ending that the answer brings is in question until that poll is made.
    """
    if transfer.called_back_at is None:
        yield
        return
    stored = callback_queries.has_unprocessed_callback(tx, transfer.id)
    flooded = transfer.called_back_at > since
    if not (stored or flooded):
        yield
        return
    at = tx.now if stored else tx.now + AFTER_A_FLOOD
    transfer.repoll_at = transfer.repoll_at or at
    yield
    if not transfer.is_final:
        transfer.repoll_at = None
    bring_forward(transfer, at, tx.now)
    if stored:
        tx.enqueue("transfers.poll", **transfer.message)
