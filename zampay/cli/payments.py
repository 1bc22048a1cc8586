"""`zampay payment …`: look at a payment of any merchant, ask about it, decide it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import click
import sqlalchemy as sa

from zampay.cli.arguments import (
    MAYBE_OPERATOR,
    OPERATOR,
    PAYMENT,
    PROPOSAL,
    REASON,
    TRANSACTION,
    operator_token,
)
from zampay.cli.group import Commands
from zampay.cli.payment_lists import list_payments, today
from zampay.infra.database.db import transaction
from zampay.kernel import msisdn, words
from zampay.kernel.clock import rfc3339
from zampay.tenants.models import Tenant
from zampay.tenants.operators import NotAllowed
from zampay.transfers import callback_queries, operator_actions, proposals, queries
from zampay.transfers.models import Transfer
from zampay.transfers.operator_actions import NotPossible, Operator
from zampay.transfers.states import State
from zampay.webhooks import queries as webhook_queries

payment_commands = Commands("payment")
payment_commands.add_command(list_payments)
payment_commands.add_command(today)
_ENDS = click.Choice([State.SUCCESSFUL.value, State.FAILED.value])


@payment_commands.command("show")
@click.argument("payment_id", type=PAYMENT)
def show(payment_id: str) -> None:
    """Show a payment with its history, and what the network says against it."""
    payment = _found(payment_id)
    tenant = tenant_of(payment)
    click.echo(f"{payment.id}  {payment.state}  {_mode(payment)}  of {payment.tenant_id}")
    click.echo(f"  {words.visible(tenant.business_name)}, {words.visible(tenant.email)}")
    click.echo(f"  external id {payment.external_id}")
    click.echo(f"  {payment.money} {payment.currency} from {msisdn.masked(payment.msisdn)}")
    click.echo(f"  {payment.provider} reference {payment.provider_reference}")
    click.echo(f"  wallet {payment.wallet_id} ({payment.wallet_choice})")
    click.echo(f"  at the network: {payment.provider_transaction_id or 'no transaction known'}")
    if payment.due_at:
        what = "asked about once more" if payment.is_final else "owed work"
        click.echo(f"  {what} at {rfc3339(payment.due_at)}")
    if payment.failure:
        click.echo(f"  failure {payment.failure['code']}: {payment.failure['message']}")
    _tell_traces(payment)


@payment_commands.command("poll")
@click.argument("payment_id", type=PAYMENT)
@OPERATOR
def poll_payment(payment_id: str, operator: str) -> None:
    """Ask the network about a payment now."""
    payment = _found(payment_id)
    try:
        operator_actions.poll_now(transfer=payment, operator=Operator(operator))
    except NotPossible as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{payment.state} -> {_found(payment_id).state}")


@payment_commands.command("resolve")
@click.argument("payment_id", type=PAYMENT)
@click.argument("end", type=_ENDS)
@MAYBE_OPERATOR
@REASON
@click.option(
    "--transaction-id",
    type=TRANSACTION,
    help="The network's own id of the transaction, if it moved.",
)
def resolve(
    payment_id: str, end: str, operator: str | None, reason: str, transaction_id: str | None
) -> None:
    """Decide a payment IN_REVIEW, for good: SUCCESSFUL or FAILED. Live money: propose it, with your
    OPERATOR_TOKEN; another operator approves.
    """
    payment = _found(payment_id)
    if payment.livemode:
        details = {"status": end, "providerTransactionId": transaction_id}
        _propose(payment, proposals.RESOLVE, reason, details)
        return
    with _told():
        operator_actions.resolve(
            transfer=payment,
            end=State(end),
            operator=Operator(_named(operator), reason),
            provider_transaction_id=transaction_id,
        )
    click.echo(f"{payment_id} is {end}.")


@payment_commands.command("close-discrepancies")
@click.argument("payment_id", type=PAYMENT)
@MAYBE_OPERATOR
@REASON
def close_discrepancies(payment_id: str, operator: str | None, reason: str) -> None:
    """Mark the contradictions about a payment as looked into; it stays as it is. Live money:
    propose it, with your OPERATOR_TOKEN; another operator approves.
    """
    payment = _found(payment_id)
    if payment.livemode:
        _propose(payment, proposals.CLOSE, reason, {})
        return
    closed = operator_actions.close_discrepancies(
        transfer=payment, operator=Operator(_named(operator), reason)
    )
    click.echo(f"Closed: {closed}.")


def tenant_of(payment: Transfer) -> Tenant:
    """Whose payment it is."""
    with transaction(payment.tenant_id) as tx:
        return tx.session.scalars(sa.select(Tenant).where(Tenant.id == payment.tenant_id)).one()


@payment_commands.command("proposals")
def list_proposals() -> None:
    """Show the decisions on live money that wait for another operator."""
    for one in proposals.waiting():
        what = one.details.get("status", "")
        click.echo(f"{one.id}  {one.transfer_id}  {one.action} {what}  by {one.proposed_by}")
        click.echo(f"  until {rfc3339(one.expires_at)}: {one.reason}")


@payment_commands.command("approve")
@click.argument("proposal_id", type=PROPOSAL)
def approve(proposal_id: str) -> None:
    """Agree to what another operator proposed, with your own OPERATOR_TOKEN, and apply it."""
    with _told():
        done = proposals.approve(proposal_id=proposal_id, token=operator_token())
    click.echo(f"{done.action} of {done.transfer_id}: done.")


def _propose(payment: Transfer, action: str, reason: str, details: dict[str, Any]) -> None:
    with _told():
        proposal_id = proposals.propose(
            transfer=payment, action=action, token=operator_token(), reason=reason, **details
        )
    click.echo(f"Proposed: {proposal_id}. Within 24 hours another operator types:")
    click.echo(f"zampay payment approve {proposal_id}")


def _named(operator: str | None) -> str:
    if operator is None:
        raise click.UsageError("Missing option '--operator'.")
    return operator


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (NotPossible, NotAllowed) as error:
        raise click.ClickException(str(error)) from error


def _mode(payment: Transfer) -> str:
    return "live" if payment.livemode else "test"


def _found(payment_id: str) -> Transfer:
    payment = operator_actions.find(payment_id)
    if payment is None:
        raise click.ClickException(f"There is no payment {payment_id}.")
    return payment


def _tell_traces(payment: Transfer) -> None:
    with transaction(payment.tenant_id) as tx:
        history = queries.transitions(tx, payment.id)
        contradictions = queries.discrepancies(tx, payment.id)
        callbacks, last_at = callback_queries.callbacks_seen(tx, payment.id)
        deliveries = webhook_queries.deliveries_about(tx, payment.id)
    for line in history:
        click.echo(f"  {rfc3339(line.at)}  {line.target:12}  {line.evidence:10}  {line.detail}")
    click.echo(f"  callbacks: {callbacks}" + (f", last {rfc3339(last_at)}" if last_at else ""))
    for one in contradictions:
        state = "closed" if one.resolved_at else "OPEN"
        click.echo(f"  {state} {one.kind}: ours {one.ours}; theirs {one.theirs}")
    for delivery, event in deliveries:
        answer = f", answered {delivery.answer_status}" if delivery.answer_status else ""
        click.echo(f"  webhook {event.type} to {delivery.endpoint_id}: {delivery.status}")
        click.echo(f"    {delivery.id}, attempts: {delivery.attempts}{answer}")
    if not deliveries:
        click.echo("  webhooks: none")
