"""Decisions on live money: one operator proposes, another approves, each proven by a token.

What was approved is applied once, to a payment that is still as the first of them saw it, and while
both are operators; a proposal that expired or could not be applied is made anew.
"""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.kernel import ids
from zampay.tenants import audit, operators
from zampay.transfers import operator_actions
from zampay.transfers.models import Payment, Proposal
from zampay.transfers.operator_actions import NotPossible, Operator
from zampay.transfers.states import State

EXPIRES_AFTER = timedelta(hours=24)
RESOLVE, CLOSE = "resolve", "close_discrepancies"
AS_OF = "as_of"
"""Among a proposal's details: the facts that it goes by (`resolution.facts`)."""


def propose(
    *, payment: Payment, action: str, token: str, reason: str, details: dict[str, Any] | None = None
) -> str:
    """Ask another operator to agree; the proposal's id.

    Raises:
        operators.NotAllowed, NotPossible.
    """
    name = operators.proven(token)
    if action == RESOLVE and payment.state != State.IN_REVIEW:
        raise NotPossible(f"It is {payment.state}; only a payment IN_REVIEW can be decided.")
    with transaction(payment.tenant_id) as tx:
        seen = operator_actions.facts(tx, payment)
        proposal = Proposal(
            id=ids.new("prp"),
            tenant_id=payment.tenant_id,
            payment_id=payment.id,
            action=action,
            details={**(details or {}), AS_OF: seen},
            reason=reason,
            proposed_by=name,
            proposed_at=tx.now,
            expires_at=tx.now + EXPIRES_AFTER,
        )
        tx.session.add(proposal)
        tx.session.flush()
        about = {"proposal": proposal.id, "action": action, "reason": reason, **proposal.details}
        audit.record(
            tx,
            action="payment.decision_proposed",
            actor=f"operator:{name}",
            address=audit.CONSOLE,
            subject=payment.id,
            **{f"proposed_{key}" if key == "action" else key: one for key, one in about.items()},
        )
    return proposal.id


def approve(*, proposal_id: str, token: str) -> Proposal:
    """Agree to what another operator proposed, and apply it.

    Raises:
        operators.NotAllowed, NotPossible.
    """
    name = operators.proven(token)
    with transaction(EVERY_TENANT) as tx:
        proposal = tx.session.get(Proposal, proposal_id, with_for_update=True)
        if proposal is None:
            raise NotPossible(f"There is no proposal {proposal_id}.")
        if proposal.approved_by is not None:
            raise NotPossible(f"{proposal.approved_by} has approved it already.")
        if proposal.expires_at <= tx.now:
            raise NotPossible("It has expired: propose it again.")
        if proposal.proposed_by == name:
            raise NotPossible("Another operator than the one who proposed it has to approve it.")
        if not operators.is_active(tx, proposal.proposed_by):
            raise NotPossible(f"{proposal.proposed_by} is no operator any more: propose it again.")
        proposal.approved_by, proposal.approved_at = name, tx.now
    _apply(proposal, Operator(proposal.proposed_by, proposal.reason, name))
    return proposal


def waiting() -> list[Proposal]:
    """Proposals that can be approved, oldest first."""
    with transaction(EVERY_TENANT) as tx:
        wanted = sa.select(Proposal).where(
            Proposal.approved_by.is_(None), Proposal.expires_at > sa.func.now()
        )
        return list(tx.session.scalars(wanted.order_by(Proposal.proposed_at)))


def _apply(proposal: Proposal, people: Operator) -> None:
    payment = operator_actions.find(proposal.payment_id)
    assert payment is not None, "payments are never deleted"
    as_of = proposal.details.get(AS_OF, {})
    if proposal.action == CLOSE:
        operator_actions.close_discrepancies(payment=payment, operator=people, as_of=as_of)
        return
    operator_actions.resolve(
        payment=payment,
        end=State(proposal.details["status"]),
        operator=people,
        provider_transaction_id=proposal.details["providerTransactionId"],
        as_of=as_of,
    )
