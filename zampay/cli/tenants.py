"""`zampay tenant …`: who may use this gateway."""

from datetime import datetime

import click

from zampay.cli.arguments import OPERATOR, REASON, TENANT, Words, email
from zampay.cli.group import Commands
from zampay.kernel import ids, words
from zampay.kernel.clock import rfc3339
from zampay.tenants import operator_actions
from zampay.tenants.models import Tenant

tenant_commands = Commands("tenant")


@tenant_commands.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--after", type=TENANT, help="Show those that came after this one.")
def list_tenants(*, limit: int, after: str | None) -> None:
    """Show merchants, oldest first: id, state, since when, e-mail, name."""
    found = operator_actions.tenants(after=after, limit=limit + 1)
    for tenant, same_email in found[:limit]:
        shown = f"{tenant.id}  {_state(tenant):9}  {_day(tenant.created_at)}  "
        click.echo(shown + f"{words.visible(tenant.email)}  {words.visible(tenant.business_name)}")
        if same_email is not None:
            click.echo(f"    {same_email} has the same e-mail address.")
    if not found:
        click.echo("There is none.")
    if len(found) > limit:
        click.echo(f"There are more: --after {found[limit - 1][0].id} shows them.")


@tenant_commands.command("create")
@click.option("--name", required=True, type=Words("name", longest=100), help="The business.")
@click.option("--email", required=True, type=email, help="Where its owner is reached.")
@click.option("--activate", is_flag=True, help="Let the merchant make live keys at once.")
@OPERATOR
def create(*, name: str, email: str, activate: bool, operator: str) -> None:
    """Make a merchant with a first test key, also where registration is closed."""
    tenant, key, secret = operator_actions.create_tenant(
        tenant_id=ids.new("ten"),
        business_name=name,
        email=email,
        activate=activate,
        operator=operator,
    )
    click.echo(f"Created: {tenant.id}, {_state(tenant)}.")
    click.echo(f"Test key {key.id}, shown this once: {secret}")
    _point_out_same_email(tenant)


@tenant_commands.command("activate")
@click.argument("tenant_id", type=TENANT)
@OPERATOR
def activate(tenant_id: str, operator: str) -> None:
    """Let a merchant make live keys."""
    tenant = known_tenant(tenant_id)
    done = operator_actions.activate(tenant_id=tenant_id, operator=operator)
    click.echo("Activated." if done else "Nothing to do: it is active already.")
    _point_out_same_email(tenant)


@tenant_commands.command("suspend")
@click.argument("tenant_id", type=TENANT)
@OPERATOR
@REASON
def suspend(tenant_id: str, operator: str, reason: str) -> None:
    """Refuse all of a merchant's keys from now on; payments under way go on."""
    known_tenant(tenant_id)
    done = operator_actions.suspend(tenant_id=tenant_id, operator=operator, reason=reason)
    click.echo("Suspended." if done else "Nothing to do: it is suspended already.")


@tenant_commands.command("resume")
@click.argument("tenant_id", type=TENANT)
@OPERATOR
@REASON
def resume(tenant_id: str, operator: str, reason: str) -> None:
    """Take a suspended merchant's keys again."""
    known_tenant(tenant_id)
    done = operator_actions.resume(tenant_id=tenant_id, operator=operator, reason=reason)
    click.echo("Resumed." if done else "Nothing to do: it is not suspended.")


def known_tenant(tenant_id: str) -> Tenant:
    """The merchant with this id.

    Raises:
        click.ClickException: there is none.
    """
    tenant = operator_actions.tenant(tenant_id)
    if tenant is None:
        raise click.ClickException(f"There is no tenant {tenant_id}.")
    return tenant


def _point_out_same_email(tenant: Tenant) -> None:
    others = operator_actions.others_with_email(tenant)
    if others:
        click.echo(f"Note: the same e-mail address has {', '.join(others)}.")


def _state(tenant: Tenant) -> str:
    return "suspended" if tenant.suspended_at else "live" if tenant.activated_at else "test"


def _day(moment: datetime) -> str:
    return rfc3339(moment)[:10]
