"""What the network said: `apply_result` is the only function that lets its word change a payment,
whoever brought it (poll, callback, operator, reconciliation), as often as it is told.
"""

import structlog
from sqlalchemy.dialects.postgresql import insert

from zampay.infra.database.db import Transaction
from zampay.kernel import ids
from zampay.providers.contract import Failure, FailureCode, ProviderResult, ResultStatus
from zampay.transfers import states, transitions
from zampay.transfers.models import CONTRARY_ENDING, FIGURES_DIFFER, Discrepancy, Payment
from zampay.transfers.states import Evidence, State

log = structlog.get_logger()
NEVER_LANDED = Failure(
    FailureCode.PROVIDER_UNAVAILABLE,
    "The network says that it never received the payment.",
    None,
    repoll=True,
)


def apply_result(
    tx: Transaction, payment: Payment, result: ProviderResult, *, evidence: Evidence
) -> None:
    """Let the network's word move a locked payment: a legal move or none, as often as it is told.

    Final is final, and figures that differ from ours settle nothing: both leave a discrepancy.
    Whatever it reports, the network knows the reference: from here on a 404 proves nothing.
    """
    payment.acknowledged_at = payment.acknowledged_at or tx.now
    if payment.is_final:
        _compare_endings(tx, payment, result)
    elif result.status is ResultStatus.PENDING:
        _still_pending(tx, payment, result, evidence)
    elif not _figures_agree(payment, result):
        _to_review(tx, payment, result)
    elif result.status is ResultStatus.SUCCESSFUL:
        payment.provider_transaction_id = result.provider_transaction_id
        detail = f"the network says {result.provider_status}"
        transitions.transition(tx, payment, State.SUCCESSFUL, evidence=evidence, detail=detail)
    else:
        assert result.failure is not None, "a FAILED report brings its failure"
        said = f"the network says {result.provider_status} {result.failure.provider_code or ''}"
        fail(tx, payment, result.failure, evidence, said.strip())


def fail(
    tx: Transaction, payment: Payment, failure: Failure, evidence: Evidence, detail: str
) -> None:
    """FAILED; an ending that networks have been seen to take back is looked at once more."""
    transitions.transition(
        tx, payment, State.FAILED, evidence=evidence, detail=detail, failure=failure
    )


def doubt_again(tx: Transaction, payment: Payment, evidence: Evidence, why: str) -> None:
    """A payment that was to be sent again is asked about once more instead, now."""
    payment.in_doubt = True
    transitions.plan(payment, tx.now)
    detail = f"{why}: to be asked about once more"
    transitions.transition(tx, payment, State.UNCONFIRMED, evidence=evidence, detail=detail)


def _still_pending(
    tx: Transaction, payment: Payment, result: ProviderResult, evidence: Evidence
) -> None:
    said = f"the network says {result.provider_status}"
    if payment.state in {State.PENDING, State.SUBMITTING, State.UNCONFIRMED}:
        transitions.transition(tx, payment, State.PROCESSING, evidence=evidence, detail=said)
    elif payment.state == State.PROCESSING:
        review_if_old(tx, payment, result.provider_status)


def _figures_agree(payment: Payment, result: ProviderResult) -> bool:
    """Amount, currency and our id are compared where the network gives them."""
    amount, currency = result.amount, result.currency or payment.currency
    money_agrees = (
        payment.money.equals(amount, currency) if amount else currency == payment.currency
    )
    return money_agrees and result.payment_id in {None, payment.id}


def _to_review(tx: Transaction, payment: Payment, result: ProviderResult) -> None:
    _record_discrepancy(tx, payment, FIGURES_DIFFER, result)
    if payment.state != State.IN_REVIEW:
        transitions.plan(payment, tx.now + states.REVIEW_POLL_EVERY)
        transitions.transition(
            tx,
            payment,
            State.IN_REVIEW,
            evidence=Evidence.ENQUIRY,
            detail="the network's amount, currency or id differs from ours",
        )


def _compare_endings(tx: Transaction, payment: Payment, result: ProviderResult) -> None:
    if result.status is not ResultStatus.PENDING and result.status != payment.state:
        _record_discrepancy(tx, payment, CONTRARY_ENDING, result)


def _record_discrepancy(
    tx: Transaction, payment: Payment, kind: str, result: ProviderResult
) -> None:
    """Keep what the network says against us; what was closed is open again when it repeats it."""
    payment.in_dispute = True
    ours = f"{payment.state} {payment.money} {payment.currency} {payment.id}"
    theirs = f"{result.status} {result.amount} {result.currency} {result.payment_id}"
    log.error("discrepancy", payment_id=payment.id, kind=kind, ours=ours, theirs=theirs)
    row = insert(Discrepancy).values(
        id=ids.new("dsc"),
        tenant_id=payment.tenant_id,
        payment_id=payment.id,
        kind=kind,
        ours=ours,
        theirs=theirs,
    )
    again = {"resolved_at": None}
    named = [Discrepancy.payment_id, Discrepancy.kind, Discrepancy.theirs]
    tx.session.execute(row.on_conflict_do_update(index_elements=named, set_=again))


def review_if_old(tx: Transaction, payment: Payment, said: str) -> None:
    """Give a payment that waiting does not settle to a person."""
    sent_at = payment.submitted_at or payment.created_at
    if tx.now < sent_at + states.REVIEW_AFTER:
        return
    transitions.transition(
        tx,
        payment,
        State.IN_REVIEW,
        evidence=Evidence.DEADLINE,
        detail=f"no ending after {states.REVIEW_AFTER.days} days; the network says: {said}",
    )
