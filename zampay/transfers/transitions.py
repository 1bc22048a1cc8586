"""the writer of transitions: a state changes here, and its history and the merchant's event with it.

All in the caller's transaction: all or none. Call it last, because the event takes the tenant's
next number and holds it until the commit (see `webhooks.events.publish`).
"""

from typing import Any

import structlog

from zampay.infra.database.db import Transaction
from zampay.infra.telemetry import metrics
from zampay.providers.contract import Failure, Retry
from zampay.transfers import states
from zampay.transfers.models import ONCE_CONFIRMED, Payment, Transition
from zampay.transfers.states import Evidence, State
from zampay.transfers.views import PaymentView
from zampay.webhooks import events

log = structlog.get_logger()
_VIEW = PaymentView()
LIVEMODES = ("true", "false")


def start_counts() -> None:
    """Show every legal transition at zero; see `metrics.start_at_zero`."""
    for source, rule in states.RULES.items():
        metrics.start_at_zero(metrics.TRANSITIONS, [source], sorted(rule.moves), LIVEMODES)


def move(
    tx: Transaction,
    payment: Payment,
    target: State,
    *,
    evidence: Evidence,
    detail: str,
    failure: Failure | None = None,
) -> None:
    """Move a locked payment.

    Raises:
        IllegalMove: a defect in the caller.
    """
    assert (failure is not None) == (target is State.FAILED), "a failure says why, exactly then"
    source = payment.state
    if failure is not None:
        payment.failure = _as_told(failure)
    payment.enter(target, tx.now)
    if failure is not None and failure.repoll:
        payment.due_at = payment.repoll_at = tx.now + states.REPOLL_AFTER
    record_transition(tx, payment, source=source, evidence=evidence, detail=detail)
    tx.once_committed(lambda: _tell(payment, source, str(target), str(evidence), failure))
    event_type = states.RULES[target].event
    if event_type is not None:
        events.publish(
            tx,
            livemode=payment.livemode,
            event_type=event_type,
            subject_id=payment.id,
            position=payment.position,
            data=_VIEW.dump(payment),
        )


def _tell(payment: Payment, source: str, target: str, by: str, failure: Failure | None) -> None:
    """One line and one count for a move that is committed."""
    code = {"failure": str(failure.code)} if failure else {}
    log.info("transition", payment_id=payment.id, source=source, target=target, by=by, **code)
    livemode = str(payment.livemode).lower()
    metrics.TRANSITIONS.labels(source, target, livemode).inc()
    if failure is not None:
        metrics.FAILURES.labels(payment.provider, str(failure.code), livemode).inc()


def record_transition(
    tx: Transaction, payment: Payment, *, source: str | None, evidence: Evidence, detail: str
) -> None:
    """Write the history line of the state that the payment is now in."""
    tx.session.add(
        Transition(
            payment_id=payment.id,
            position=payment.position,
            tenant_id=payment.tenant_id,
            source=source,
            target=payment.state,
            evidence=evidence,
            detail=detail[:500],
        )
    )


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
