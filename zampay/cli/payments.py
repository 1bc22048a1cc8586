"""`flask payment …`: look at a payment of any merchant, ask about it, decide it."""

import click
import sqlalchemy as sa

from zampay.cli.arguments import OPERATOR, PAYMENT, PERSON, REASON, TRANSACTION
from zampay.cli.group import Commands
from zampay.cli.payment_lists import list_payments, today
from zampay.infra.db import transaction
from zampay.kernel import msisdn, words
from zampay.kernel.clock import rfc3339
from zampay.payments import queries, resolution
from zampay.payments.models import Payment
from zampay.payments.resolution import NotPossible, Operator
from zampay.payments.states import State
from zampay.tenants.models import Tenant
from zampay.webhooks import queries as webhook_queries

payment_commands = Commands("payment", help="Payments of every merchant.")
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
    click.echo(f"  at the network: {payment.provider_transaction_id or 'no transaction known'}")
    if payment.due_at:
        what = "asked about once more" if payment.is_final else "owed work"
        click.echo(f"  {what} at {rfc3339(payment.due_at)}")
    if payment.failure:
        click.echo(f"  failure {payment.failure['code']}: {payment.failure['message']}")
    _tell_traces(payment)


@payment_commands.command("requery")
@click.argument("payment_id", type=PAYMENT)
@OPERATOR
def requery(payment_id: str, operator: str) -> None:
    """Ask the network about a payment now."""
    payment = _found(payment_id)
    try:
        resolution.look_again(payment=payment, operator=Operator(operator))
    except NotPossible as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{payment.state} -> {_found(payment_id).state}")


@payment_commands.command("resolve")
@click.argument("payment_id", type=PAYMENT)
@click.argument("end", type=_ENDS)
@OPERATOR
@REASON
@click.option("--second", type=PERSON, help="Who else agreed; needed where the money is live.")
@click.option(
    "--transaction-id",
    type=TRANSACTION,
    help="The network's own id of the transaction, if it moved.",
)
def resolve(
    payment_id: str,
    end: str,
    operator: str,
    reason: str,
    second: str | None,
    transaction_id: str | None,
) -> None:
    """Decide a payment IN_REVIEW, for good: SUCCESSFUL or FAILED."""
    people = Operator(operator, reason, second)
    if second is not None and not people.are_two:
        raise click.UsageError("--second must be another person than --operator.")
    try:
        resolution.resolve(
            payment=_found(payment_id),
            end=State(end),
            operator=people,
            provider_transaction_id=transaction_id,
        )
    except NotPossible as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{payment_id} is {end}.")


@payment_commands.command("close-discrepancies")
@click.argument("payment_id", type=PAYMENT)
@OPERATOR
@REASON
def close_discrepancies(payment_id: str, operator: str, reason: str) -> None:
    """Mark the contradictions about a payment as looked into; it stays as it is."""
    closed = resolution.close_discrepancies(
        payment=_found(payment_id), operator=Operator(operator, reason)
    )
    click.echo(f"Closed: {closed}.")


def tenant_of(payment: Payment) -> Tenant:
    """Whose payment it is."""
    with transaction(payment.tenant_id) as tx:
        return tx.session.scalars(sa.select(Tenant).where(Tenant.id == payment.tenant_id)).one()


def _mode(payment: Payment) -> str:
    return "live" if payment.livemode else "test"


def _found(payment_id: str) -> Payment:
    payment = resolution.find(payment_id)
    if payment is None:
        raise click.ClickException(f"There is no payment {payment_id}.")
    return payment


def _tell_traces(payment: Payment) -> None:
    with transaction(payment.tenant_id) as tx:
        history = queries.moves(tx, payment.id)
        contradictions = queries.discrepancies(tx, payment.id)
        callbacks, last_at = queries.callbacks_seen(tx, payment.id)
        deliveries = webhook_queries.deliveries_about(tx, payment.id)
    for move in history:
        click.echo(f"  {rfc3339(move.at)}  {move.target:12}  {move.evidence:10}  {move.detail}")
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
