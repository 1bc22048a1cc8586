"""Decisions on live money: one operator proposes, another approves, each proven by a token.

What was approved is applied once, to a transfer that is still as the first of them saw it, while
both are operators; a proposal that expired or could not be applied is made anew.
"""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.kernel import ids
from zampay.tenants import audit, operators
from zampay.transfers import operator_actions
from zampay.transfers.models import Transfer
from zampay.transfers.operator_actions import NotPossible, Operator
from zampay.transfers.states import State
from zampay.transfers.traces import Proposal

EXPIRES_AFTER = timedelta(hours=24)
RESOLVE, CLOSE = "resolve", "close_discrepancies"
AS_OF = "as_of"
"""Among a proposal's details: the facts that it goes by (`resolution.facts`)."""


def propose(*, transfer: Transfer, action: str, token: str, reason: str, **details: Any) -> str:
    """Ask another operator to agree; the proposal's id.

    Raises:
        operators.NotAllowed, NotPossible.
    """
    name = operators.proven(token)
    if action == RESOLVE and transfer.state != State.IN_REVIEW:
        raise NotPossible(f"It is {transfer.state}; a decision is for IN_REVIEW only.")
    with transaction(transfer.tenant_id) as tx:
        seen = operator_actions.facts(tx, transfer)
        proposal = Proposal(
            id=ids.new("prp"),
            tenant_id=transfer.tenant_id,
            transfer_id=transfer.id,
            action=action,
            details={**details, AS_OF: seen},
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
            action=f"{transfer.kind}.decision_proposed",
            actor=f"operator:{name}",
            address=audit.CONSOLE,
            subject=transfer.id,
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
    transfer = operator_actions.find(proposal.transfer_id)
    assert transfer is not None, "transfers are never deleted"
    as_of = proposal.details.get(AS_OF, {})
    if proposal.action == CLOSE:
        operator_actions.close_discrepancies(transfer=transfer, operator=people, as_of=as_of)
        return
    operator_actions.resolve(
        transfer=transfer,
        end=State(proposal.details["status"]),
        operator=people,
        provider_transaction_id=proposal.details["providerTransactionId"],
        as_of=as_of,
    )
