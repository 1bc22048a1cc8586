"""`zampay secrets …`: what SECRET_KEY encrypts."""

import sys

import click

from zampay.cli.group import Commands
from zampay.wallets import rotate_encryption as of_wallets
from zampay.webhooks import rotate_encryption as of_webhooks

secret_commands = Commands("secrets")


@secret_commands.command("rotate-encryption")
def rotate() -> None:
    """Encrypt with SECRET_KEY what only SECRET_KEY_PREVIOUS decrypts. Safe to run again."""
    webhooks, wallets = of_webhooks.rotate(), of_wallets.rotate()
    earlier, current = webhooks.earlier + wallets.earlier, webhooks.current + wallets.current
    click.echo(f"Encrypted again: {earlier}. Under SECRET_KEY already: {current}.")
    for holder, tenant_id in (*webhooks.lost, *wallets.lost):
        click.echo(f"No key decrypts a secret of {holder} (of {tenant_id}).")
    if webhooks.lost:
        click.echo("Nothing can be signed for these. " + of_webhooks.REMEDY)
    if wallets.lost:
        click.echo("No network can be called with these wallets. " + of_wallets.REMEDY)
    if webhooks.lost or wallets.lost:
        sys.exit(1)
