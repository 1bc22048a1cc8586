"""What an operator types: `flask --app wsgi tenant …`; every deed is logged with its operator."""

import click
from flask import Flask
from flask.cli import AppGroup

from zampay.kernel import ids
from zampay.tenants import service

tenant_commands = AppGroup("tenant", help="Merchants of this gateway.")
_OPERATOR = click.option(
    "--operator", required=True, envvar="OPERATOR", help="Who you are; goes into the audit log."
)


def init(app: Flask) -> None:
    """Add the operator's commands to `flask`."""
    app.cli.add_command(tenant_commands)


@tenant_commands.command("activate")
@click.argument("tenant_id")
@_OPERATOR
def activate(tenant_id: str, operator: str) -> None:
    """Let a merchant make live keys."""
    if not ids.is_id("ten", tenant_id):
        raise click.BadParameter("a tenant id looks like ten_01k5…")
    done = service.activate(tenant_id=tenant_id, operator=operator)
    click.echo("Activated." if done else "Nothing to do: it is active already, or unknown.")
