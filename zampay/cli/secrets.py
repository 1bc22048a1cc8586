"""`zampay secrets …`: what SECRET_KEY encrypts."""

import sys

import click

from zampay.cli.group import Commands
from zampay.webhooks import rotate_encryption

secret_commands = Commands("secrets")


@secret_commands.command("rotate-encryption")
def rotate() -> None:
    """Encrypt with SECRET_KEY what only SECRET_KEY_PREVIOUS decrypts. Safe to run again."""
    before = rotate_encryption.rotate()
    click.echo(f"Encrypted again: {before.earlier}. Under SECRET_KEY already: {before.current}.")
    for endpoint_id, tenant_id in before.lost:
        click.echo(f"No key decrypts a secret of {endpoint_id} (of {tenant_id}).")
    if before.lost:
        click.echo("Nothing can be signed for these. " + rotate_encryption.REMEDY)
        sys.exit(1)
