"""`flask secrets …`: what SECRET_KEY seals."""

import sys

import click

from zampay.cli.group import Commands
from zampay.webhooks import rotate_encryption

secret_commands = Commands("secrets", help="What SECRET_KEY seals: the secrets of webhooks.")


@secret_commands.command("reseal")
def reseal() -> None:
    """Seal with SECRET_KEY what only SECRET_KEY_PREVIOUS opens; may run at any time, and again."""
    before = rotate_encryption.reseal()
    click.echo(f"Sealed again: {before.earlier}. Under SECRET_KEY already: {before.current}.")
    for endpoint_id, tenant_id in before.lost:
        click.echo(f"No key opens a secret of {endpoint_id} (of {tenant_id}).")
    if before.lost:
        click.echo("Nothing can be signed for these. " + rotate_encryption.REMEDY)
        sys.exit(1)
