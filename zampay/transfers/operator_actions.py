"""What an operator does with a transfer: poll it now, or decide what nobody else can.

A decision is for a transfer IN_REVIEW only, and is final like any other end. Each action is in the
tenant's audit log with its reason, which the merchant reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from zampay.infra.database.db import EVERY_TENANT, Transaction, transaction
from zampay.kernel import words
from zampay.providers.failures import Failure, FailureCode
from zampay.tenants import audit
from zampay.tenants.models import Tenant
from zampay.transfers import (
    callback_queries,
    locked_rows,
    poll,
    queries,
    results,
    searches,
    transitions,
)
from zampay.transfers.models import Transfer
from zampay.transfers.states import Evidence, State
from zampay.transfers.traces import CONTRARY_ENDING, Callback, Discrepancy

MOST_REPLAYED = 10_000
FIRST_REPOLL, LAST_REPOLL = timedelta(hours=1), timedelta(days=1)
"""A transfer that people called FAILED is asked about for another day: a late SUCCESSFUL of the
network is a discrepancy.
"""
DECIDED_FAILED = Failure(
    FailureCode.UNSPECIFIED, "The operator established that no money moved.", None, repoll=True
)


class NotPossible(Exception):
    """The transfer is not in a state for it; the message says why, for an operator."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts, why, and who else agreed."""

    name: str
    reason: str = ""
    second: str | None = None

    @property
    def actor(self) -> str:
        """As the audit log names it."""
        return f"operator:{self.name}"

    @property
    def are_two(self) -> bool:
        """Whether two people are named, however their names are written."""
        people = {words.comparable(self.name), words.comparable(self.second or "")}
        return len(people - {""}) == 2  # noqa: PLR2004


def find(transfer_id: str) -> Transfer | None:
    """A transfer of any tenant."""
    with transaction(EVERY_TENANT) as tx:
        return tx.session.get(Transfer, transfer_id)


def search(wanted: searches.Search, *, limit: int) -> list[tuple[Transfer, Tenant]]:
    """Transfers of every tenant with their tenant, at most `limit`."""
    with transaction(EVERY_TENANT) as tx:
        return searches.searched(tx, wanted, limit=limit)


def poll_now(*, transfer: Transfer, operator: Operator) -> None:
    """Ask the network now, whenever the next look was planned.

    Raises:
        NotPossible: nothing has been sent yet, or somebody is sending it or asking about it now.
    """
    with transaction(transfer.tenant_id) as tx:
        row = locked_rows.locked(tx, transfer.id)
        if row.state == State.PENDING and row.may_have_landed:
            results.doubt_again(tx, row, Evidence.OPERATOR, "the operator asks")
        if not poll.is_to_be_polled(row):
            raise NotPossible(f"It is {row.state}: nothing is known to have been sent.")
        if transitions.is_leased(row, tx.now):
            raise NotPossible(f"It is {row.state}: a worker is at it now; try again in a minute.")
        transitions.bring_forward(row, tx.now, tx.now)
        _record(tx, "polled", row, operator)
    poll.poll(tenant_id=transfer.tenant_id, transfer_id=transfer.id)


def facts(tx: Transaction, transfer: Transfer) -> dict[str, Any]:
    """What a person goes by who decides about a transfer: how far its history has come, and the
    contradictions that nobody has closed.
    """
    found = queries.discrepancies(tx, transfer.id)
    unsettled = sorted(one.id for one in found if one.resolved_at is None)
    return {"position": transfer.position, "discrepancies": unsettled}


def resolve(
    *,
    transfer: Transfer,
    end: State,
    operator: Operator,
    provider_transaction_id: str | None = None,
    as_of: Mapping[str, Any] | None = None,
) -> None:
    """End a transfer in review, on a person's word; for live money on that of two, as long as the
    facts are as they were when the first of them spoke (`as_of`).

    Raises:
        NotPossible: it is not in review, a second person is missing, the facts are others, the
            network is being asked at this moment, or it is to be FAILED although a callback waits
            for its poll.
    """
    assert end in {State.SUCCESSFUL, State.FAILED}, "a decision is an end"
    with transaction(transfer.tenant_id) as tx:
        row = locked_rows.locked(tx, transfer.id)
        _check(row, operator)
        _check_facts(tx, row, as_of)
        if transitions.is_leased(row, tx.now):
            raise NotPossible("A worker is asking the network now; try again in a minute.")
        if end is State.FAILED and callback_queries.has_unprocessed_callback(tx, row.id):
            raise NotPossible("A callback has come since: ask the network first (payment poll).")
        row.provider_transaction_id = provider_transaction_id
        _close_discrepancies(tx, row)
        details = {"status": str(end), "providerTransactionId": provider_transaction_id}
        _record(tx, "resolved", row, operator, **details)
        transitions.transition(
            tx,
            row,
            end,
            evidence=Evidence.OPERATOR,
            detail=f"decided by the operator: {operator.reason}",
            failure=DECIDED_FAILED if end is State.FAILED else None,
        )
        if end is State.FAILED:
            transitions.plan(row, tx.now + FIRST_REPOLL)
            row.repoll_at = tx.now + LAST_REPOLL


def close_discrepancies(
    *, transfer: Transfer, operator: Operator, as_of: Mapping[str, Any] | None = None
) -> int:
    """Mark what contradicted our books as looked into; the transfer stays as it is. How many.

    Raises:
        NotPossible: the facts are no longer those of `as_of`.
    """
    with transaction(transfer.tenant_id) as tx:
        row = locked_rows.locked(tx, transfer.id)
        _check_facts(tx, row, as_of)
        closed = _close_discrepancies(tx, row)
        if closed:
            _record(tx, "discrepancies_closed", row, operator, closed=closed)
    return closed


def replay_callbacks(*, since: datetime, operator: Operator) -> int:
    """Poll now for every open transfer that a callback came for since then, as if
    the callback came now; how many transfers these are.
    """
    with transaction(EVERY_TENANT) as tx:
        wanted = tx.session.execute(
            sa.select(Callback.tenant_id, Callback.transfer_id)
            .join(Transfer, Transfer.id == Callback.transfer_id)
            .where(
                Callback.received_at >= since,
                Transfer.completed_at.is_(None),
                Transfer.submissions > 0,
            )
            .distinct()
            .limit(MOST_REPLAYED)
        ).all()
    by_tenant: dict[str, list[str]] = {}
    for tenant_id, transfer_id in wanted:
        by_tenant.setdefault(tenant_id, []).append(transfer_id)
    for tenant_id, transfer_ids in by_tenant.items():
        _replay(tenant_id, transfer_ids, since, operator)
    return len(wanted)


def _replay(tenant_id: str, transfer_ids: list[str], since: datetime, operator: Operator) -> None:
    with transaction(tenant_id) as tx:
        of_these = (Callback.tenant_id == tenant_id, Callback.transfer_id.in_(transfer_ids))
        tx.session.execute(sa.update(Callback).where(*of_these).values(processed_at=None))
        rows = locked_rows.all_locked(tx, transfer_ids)
        for row in rows:
            if row.submissions and not row.is_final:
                transitions.bring_forward(row, tx.now, tx.now)
        audit.record(
            tx,
            action="callbacks.replayed",
            actor=operator.actor,
            address=audit.CONSOLE,
            reason=operator.reason,
            since=since.isoformat(),
            payments=len(transfer_ids),
        )
        for row in rows:
            tx.enqueue("transfers.poll", **row.message)


def _check(transfer: Transfer, operator: Operator) -> None:
    if transfer.state != State.IN_REVIEW:
        raise NotPossible(f"It is {transfer.state}; a decision is for IN_REVIEW only.")
    if not words.comparable(operator.name) or not words.comparable(operator.reason):
        raise NotPossible("A decision needs its reason and the name of who makes it.")
    if transfer.livemode and not operator.are_two:
        raise NotPossible("Live money needs a second person, who is not the first.")


def _check_facts(tx: Transaction, transfer: Transfer, as_of: Mapping[str, Any] | None) -> None:
    if as_of is not None and dict(as_of) != facts(tx, transfer):
        raise NotPossible("It has changed since it was proposed: look at it, and propose it again.")


def _close_discrepancies(tx: Transaction, transfer: Transfer) -> int:
    closed = tx.session.scalars(
        sa.update(Discrepancy)
        .where(
            Discrepancy.tenant_id == tx.tenant_id,
            Discrepancy.transfer_id == transfer.id,
            Discrepancy.resolved_at.is_(None),
        )
        .values(resolved_at=tx.now)
        .returning(Discrepancy.id)
    )
    found = queries.discrepancies(tx, transfer.id)
    transfer.in_dispute = any(one.kind == CONTRARY_ENDING for one in found)
    return len(closed.all())


def _record(
    tx: Transaction, action: str, transfer: Transfer, operator: Operator, **details: Any
) -> None:
    audit.record(
        tx,
        action=f"{transfer.kind}.{action}",
        actor=operator.actor,
        address=audit.CONSOLE,
        subject=transfer.id,
        reason=operator.reason,
        second=operator.second,
        **details,
    )
