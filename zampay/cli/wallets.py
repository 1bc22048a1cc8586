"""`zampay wallet …`: what merchants do with wallets over REST, done for them.

Credentials come from a file or the standard input, never from the line that is typed: that stays in
the shell's history and in the list of processes.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

import click

from zampay.cli.arguments import OPERATOR, REASON, TENANT, WALLET, Words
from zampay.cli.group import Commands
from zampay.cli.tenants import known_tenant
from zampay.kernel import words
from zampay.kernel.clock import rfc3339
from zampay.kernel.errors import ZamPayError
from zampay.kernel.findings import Verdict
from zampay.tenants import audit
from zampay.wallets import operators, service, verification
from zampay.wallets.models import Wallet
from zampay.wallets.service import By

wallet_commands = Commands("wallet")
_LINE = "{:30}  {:8}  {:10}  {:24}  {}"
_CREDENTIALS = click.option(
    "--credentials",
    required=True,
    type=click.File(encoding="utf-8"),
    help="A file with a JSON object of the network's credentials; - reads the standard input.",
)


@wallet_commands.command("list")
@click.argument("tenant_id", type=TENANT)
def list_wallets(tenant_id: str) -> None:
    """Show a merchant's wallets, oldest first; never their credentials."""
    known_tenant(tenant_id)
    found = service.all_of(tenant_id)
    click.echo(_LINE.format("wallet", "network", "status", "verified", "name"))
    for wallet in found:
        _show(wallet)
    if not found:
        click.echo("There is none.")


@wallet_commands.command("show")
@click.argument("wallet_id", type=WALLET)
def show(wallet_id: str) -> None:
    """Show one wallet, and whose it is."""
    wallet = _known(wallet_id)
    _show(wallet)
    click.echo(f"Merchant: {wallet.tenant_id}. Credentials: version {wallet.credentials_version}.")


@wallet_commands.command("create")
@click.argument("tenant_id", type=TENANT)
@click.option("--provider", required=True, help="The network's code.")
@click.option("--name", required=True, type=Words("name", longest=100))
@_CREDENTIALS
@OPERATOR
@REASON
def create(
    tenant_id: str, *, provider: str, name: str, credentials: TextIO, operator: str, reason: str
) -> None:
    """Add a wallet for a merchant. Verify it next: before that it takes nothing."""
    known_tenant(tenant_id)
    given = _read(credentials)
    with _told():
        wallet = service.create(
            _by(tenant_id, operator, reason), provider=provider, name=name, credentials=given
        )
    click.echo(f"Created: {wallet.id}, {wallet.status}.")


@wallet_commands.command("verify")
@click.argument("wallet_id", type=WALLET)
@OPERATOR
def verify(wallet_id: str, *, operator: str) -> None:
    """Try a wallet's credentials at its network, and say what is wrong."""
    known = _known(wallet_id)
    with _told():
        wallet, findings = verification.verify(_by(known.tenant_id, operator, None), wallet_id)
    for one in findings:
        click.echo(f"{one.verdict}  {one.subject}: {one.says}")
        if one.remedy:
            click.echo(f"        {one.remedy}")
    click.echo(f"{wallet.id} is {wallet.status}.")
    if any(one.verdict is Verdict.BROKEN for one in findings):
        sys.exit(1)


@wallet_commands.command("replace")
@click.argument("wallet_id", type=WALLET)
@_CREDENTIALS
@OPERATOR
@REASON
def replace(wallet_id: str, *, credentials: TextIO, operator: str, reason: str) -> None:
    """Replace a wallet's credentials; payments under way go on with the new ones."""
    known = _known(wallet_id)
    given = _read(credentials)
    with _told():
        wallet = service.replace(_by(known.tenant_id, operator, reason), wallet_id, given)
    click.echo(f"Replaced: {wallet.id} is {wallet.status}. Verify it.")


@wallet_commands.command("balance")
@click.argument("wallet_id", type=WALLET)
def balance(wallet_id: str) -> None:
    """Show what the network and we know to be in a wallet."""
    known = _known(wallet_id)
    with _told():
        found = verification.balance(known.tenant_id, wallet_id)
    says = f"{found.network.amount} {found.network.currency}" if found.network else "does not say"
    click.echo(f"The network: {says}.")
    for one in found.ours:
        click.echo(
            f"Ours, in {one.currency} minor: paid {one.paid_minor}, in flight "
            f"{one.in_flight_minor}."
        )


@wallet_commands.command("disable")
@click.argument("wallet_id", type=WALLET)
@OPERATOR
@REASON
def disable(wallet_id: str, *, operator: str, reason: str) -> None:
    """Take nothing new through a wallet, for good; what is under way is still followed."""
    known = _known(wallet_id)
    with _told():
        service.disable(_by(known.tenant_id, operator, reason), wallet_id)
    click.echo("Disabled.")


def _known(wallet_id: str) -> Wallet:
    wallet = operators.of_any_tenant(wallet_id)
    if wallet is None:
        raise click.ClickException(f"There is no wallet {wallet_id}.")
    return wallet


def _show(wallet: Wallet) -> None:
    verified = rfc3339(wallet.verified_at) if wallet.verified_at else "never"
    shown = (wallet.id, wallet.provider, wallet.status, verified, words.visible(wallet.name))
    click.echo(_LINE.format(*shown))


def _by(tenant_id: str, operator: str, reason: str | None) -> By:
    return By(tenant_id, f"operator:{operator}", audit.CONSOLE, reason)


def _read(file: TextIO) -> Mapping[str, str]:
    """The object in the file; what is wrong with it is said without showing any of it."""
    try:
        found: Any = json.loads(file.read())
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise click.ClickException(
            'The credentials must be a JSON object such as {"name": "text"}.'
        )
    return found


@contextmanager
def _told() -> Iterator[None]:
    """An error of a use case, as an operator reads it."""
    try:
        yield
    except ZamPayError as error:
        fields = [f"{name}: {says}" for name, says in error.fields.items()]
        raise click.ClickException("; ".join(fields) or error.detail) from error
