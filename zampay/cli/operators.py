"""`zampay operator …`: who may decide about live money, each with a token of their own."""

from collections.abc import Callable
from typing import TypeVar

import click

from zampay.cli.arguments import operator_token
from zampay.cli.group import Commands
from zampay.tenants import operators
from zampay.tenants.operators import NotAllowed

operator_commands = Commands("operator")
Done = TypeVar("Done")


@operator_commands.command("add")
@click.argument("name")
def add(name: str) -> None:
    """Add yourself; the token is shown this once, to you. From the third on two approve it."""
    token, active = _asked(lambda: operators.add(name))
    click.echo(f"The token of {name}, shown this once; keep it to yourself:\n{token}")
    if not active:
        click.echo(f"Two operators have to type: zampay operator approve {name}")


@operator_commands.command("approve")
@click.argument("name")
def approve(name: str) -> None:
    """Vouch for a new operator, whom you know, with your own OPERATOR_TOKEN."""
    active = _asked(lambda: operators.approve(name, token=operator_token()))
    click.echo(f"{name} is active." if active else "Noted. Another operator has to approve, too.")


@operator_commands.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Refuse an operator's token from now on; needs your own OPERATOR_TOKEN."""
    _asked(lambda: operators.remove(name, token=operator_token()))
    click.echo(f"{name} is removed.")


@operator_commands.command("list")
def list_operators() -> None:
    """Show who is, waits to be, or was an operator."""
    for one in operators.everybody():
        state = "removed" if one.removed_at else "active" if one.active else "waits for approval"
        by = f"  approved by {', '.join(one.approved_by)}" if one.approved_by else ""
        click.echo(f"{one.name:32}  {state}{by}")


def _asked(action: Callable[[], Done]) -> Done:
    try:
        return action()
    except NotAllowed as error:
        raise click.ClickException(str(error)) from error
