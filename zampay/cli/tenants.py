"""`flask tenant …`: who may use this gateway."""

from datetime import datetime

import click

from zampay.cli.arguments import OPERATOR, REASON, TENANT
from zampay.cli.group import Commands
from zampay.kernel.clock import rfc3339
from zampay.tenants import service

tenant_commands = Commands("tenant", help="Merchants of this gateway.")


@tenant_commands.command("list")
def list_tenants() -> None:
    """Show every merchant: id, state, since when, name."""
    for tenant in service.all_tenants():
        state = "suspended" if tenant.suspended_at else "live" if tenant.activated_at else "test"
        click.echo(f"{tenant.id}  {state:9}  {_day(tenant.created_at)}  {tenant.business_name}")


@tenant_commands.command("activate")
@click.argument("tenant_id", type=TENANT)
@OPERATOR
def activate(tenant_id: str, operator: str) -> None:
    """Let a merchant make live keys."""
    _require_known(tenant_id)
    done = service.activate(tenant_id=tenant_id, operator=operator)
    click.echo("Activated." if done else "Nothing to do: it is active already.")


@tenant_commands.command("suspend")
@click.argument("tenant_id", type=TENANT)
@OPERATOR
@REASON
def suspend(tenant_id: str, operator: str, reason: str) -> None:
    """Refuse all of a merchant's keys from now on; payments under way go on."""
    _require_known(tenant_id)
    done = service.suspend(tenant_id=tenant_id, operator=operator, reason=reason)
    click.echo("Suspended." if done else "Nothing to do: it is suspended already.")


@tenant_commands.command("resume")
@click.argument("tenant_id", type=TENANT)
@OPERATOR
@REASON
def resume(tenant_id: str, operator: str, reason: str) -> None:
    """Take a suspended merchant's keys again."""
    _require_known(tenant_id)
    done = service.resume(tenant_id=tenant_id, operator=operator, reason=reason)
    click.echo("Resumed." if done else "Nothing to do: it is not suspended.")


def _require_known(tenant_id: str) -> None:
    if tenant_id not in {tenant.id for tenant in service.all_tenants()}:
        raise click.ClickException(f"There is no tenant {tenant_id}.")


def _day(moment: datetime) -> str:
    return rfc3339(moment)[:10]
