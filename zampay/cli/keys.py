"""`flask key …`: a merchant's key that has leaked, or that he has lost."""

import click

from zampay.cli.arguments import KEY, OPERATOR, REASON
from zampay.cli.group import Commands
from zampay.tenants import service

key_commands = Commands("key", help="API keys of every merchant.")


@key_commands.command("revoke")
@click.argument("key_id", type=KEY)
@OPERATOR
@REASON
def revoke(key_id: str, operator: str, reason: str) -> None:
    """Refuse one key from now on, everywhere. A merchant without a live key that can be used makes
    the next one with a test key.
    """
    key = service.key_of_any_tenant(key_id)
    if key is None:
        raise click.ClickException(f"There is no key {key_id}.")
    done = service.revoke_for_operator(
        tenant_id=key.tenant_id, key_id=key_id, operator=operator, reason=reason
    )
    world = "live" if key.livemode else "test"
    click.echo(
        f"Revoked: the {world} key {key.name!r} of {key.tenant_id}."
        if done
        else "Nothing to do: it is revoked already."
    )
