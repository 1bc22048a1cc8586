"""What the network said: `apply_result` is the only function that lets its word change a transfer,
whoever brought it (poll, callback, operator, reconciliation), as often as it is told.
"""

from datetime import timedelta

import structlog
from sqlalchemy.dialects.postgresql import insert

from zampay.infra.database.db import Transaction
from zampay.kernel import ids
from zampay.providers.contract import ProviderResult, ResultStatus
from zampay.providers.failures import Failure, FailureCode, Retry
from zampay.transfers import states, transitions
from zampay.transfers.models import Transfer
from zampay.transfers.states import Evidence, State
from zampay.transfers.traces import CONTRARY_ENDING, FIGURES_DIFFER, Discrepancy

log = structlog.get_logger()
NEVER_LANDED = Failure(
    FailureCode.PROVIDER_UNAVAILABLE,
    "The network says that it never received it.",
    None,
    repoll=True,
)


def apply_result(
    tx: Transaction, transfer: Transfer, result: ProviderResult, *, evidence: Evidence
) -> None:
    """Let the network's word move a locked transfer: a legal move or none, as often as it is told.

    Final is final, and figures that differ from ours settle nothing: both leave a discrepancy.
    Whatever it reports, the network knows the reference: from here on a 404 proves nothing.
    """
    transfer.acknowledged_at = transfer.acknowledged_at or tx.now
    if transfer.is_final:
        _compare_endings(tx, transfer, result)
    elif result.status is ResultStatus.PENDING:
        _still_pending(tx, transfer, result, evidence)
    elif not _figures_agree(transfer, result):
        _to_review(tx, transfer, result)
    elif result.status is ResultStatus.SUCCESSFUL:
        transfer.provider_transaction_id = result.provider_transaction_id
        detail = f"the network says {result.provider_status}"
        transitions.transition(tx, transfer, State.SUCCESSFUL, evidence=evidence, detail=detail)
    else:
        assert result.failure is not None, "a FAILED report brings its failure"
        words = dict.fromkeys([result.provider_status, result.failure.provider_code or ""])
        said = f"the network says {' '.join(words)}"
        fail(tx, transfer, result.failure, evidence, said.strip())


def fail(
    tx: Transaction, transfer: Transfer, failure: Failure, evidence: Evidence, detail: str
) -> None:
    """End as FAILED; an ending that networks have been seen to take back is polled once more."""
    transitions.transition(
        tx, transfer, State.FAILED, evidence=evidence, detail=detail, failure=failure
    )


def presumed(transfer: Transfer, *, repoll: bool = False) -> Failure | None:
    """What the last answer said that the transfer fails as, if it turns out to have failed."""
    kept = transfer.presumed_failure
    if kept is None:
        return None
    return Failure(
        FailureCode(kept["code"]),
        kept["message"],
        kept["providerCode"],
        Retry(kept["retry"]),
        repoll=repoll,
    )


def doubt_again(tx: Transaction, transfer: Transfer, evidence: Evidence, why: str) -> None:
    """Poll a transfer now instead of sending it again."""
    transfer.in_doubt = True
    transitions.plan(transfer, tx.now)
    detail = f"{why}: to be asked about once more"
    transitions.transition(tx, transfer, State.UNCONFIRMED, evidence=evidence, detail=detail)


def _still_pending(
    tx: Transaction, transfer: Transfer, result: ProviderResult, evidence: Evidence
) -> None:
    said = f"the network says {result.provider_status}"
    if transfer.state in {State.PENDING, State.SUBMITTING, State.UNCONFIRMED}:
        transitions.transition(tx, transfer, State.PROCESSING, evidence=evidence, detail=said)
    elif transfer.state == State.PROCESSING:
        review_if_old(tx, transfer, result.provider_status)


def _figures_agree(transfer: Transfer, result: ProviderResult) -> bool:
    """Amount, currency and our id are compared where the network gives them."""
    amount, currency = result.amount, result.currency or transfer.currency
    money_agrees = (
        transfer.money.equals(amount, currency) if amount else currency == transfer.currency
    )
    return money_agrees and result.transfer_id in {None, transfer.id}


def _to_review(tx: Transaction, transfer: Transfer, result: ProviderResult) -> None:
    _record_discrepancy(tx, transfer, FIGURES_DIFFER, result)
    if transfer.state != State.IN_REVIEW:
        transitions.plan(transfer, tx.now + states.REVIEW_POLL_EVERY)
        transitions.transition(
            tx,
            transfer,
            State.IN_REVIEW,
            evidence=Evidence.ENQUIRY,
            detail="the network's amount, currency or id differs from ours",
        )


def _compare_endings(tx: Transaction, transfer: Transfer, result: ProviderResult) -> None:
    if result.status is not ResultStatus.PENDING and result.status != transfer.state:
        _record_discrepancy(tx, transfer, CONTRARY_ENDING, result)


def _record_discrepancy(
    tx: Transaction, transfer: Transfer, kind: str, result: ProviderResult
) -> None:
    """Keep the contradiction; one that was closed is open again when the network repeats it."""
    transfer.in_dispute = True
    ours = f"{transfer.state} {transfer.money} {transfer.currency} {transfer.id}"
    theirs = f"{result.status} {result.amount} {result.currency} {result.transfer_id}"
    log.error("discrepancy", transfer_id=transfer.id, kind=kind, ours=ours, theirs=theirs)
    row = insert(Discrepancy).values(
        id=ids.new("dsc"),
        tenant_id=transfer.tenant_id,
        transfer_id=transfer.id,
        kind=kind,
        ours=ours,
        theirs=theirs,
    )
    again = {"resolved_at": None}
    named = [Discrepancy.transfer_id, Discrepancy.kind, Discrepancy.theirs]
    tx.session.execute(row.on_conflict_do_update(index_elements=named, set_=again))


def review_if_old(tx: Transaction, transfer: Transfer, said: str) -> None:
    """Give a transfer that waiting does not settle to a person."""
    sent_at = transfer.submitted_at or transfer.created_at
    after = transfer.capability.review_after or states.REVIEW_AFTER
    if tx.now < sent_at + after:
        return
    transitions.transition(
        tx,
        transfer,
        State.IN_REVIEW,
        evidence=Evidence.DEADLINE,
        detail=f"no ending after {_in_words(after)}; the network says: {said}",
    )


def _in_words(duration: timedelta) -> str:
    days, minutes = duration.days, duration.seconds // 60
    return f"{days} days" if days or not minutes else f"{minutes} minutes"
