"""`zampay key …`: a merchant's key that has leaked, or that was lost."""

import click

from zampay.cli.arguments import KEY, OPERATOR, REASON, TENANT, Words
from zampay.cli.group import Commands
from zampay.cli.tenants import known_tenant
from zampay.kernel import words
from zampay.kernel.clock import rfc3339
from zampay.tenants import keys, operator_actions, service
from zampay.tenants.models import ApiKey
from zampay.tenants.operator_actions import WantedKey
from zampay.tenants.scopes import ALL

key_commands = Commands("key")
_LINE = "{:30}  {:4}  {:8}  {:24}  {:24}  {:12}  {}"


@key_commands.command("list")
@click.argument("tenant_id", type=TENANT)
@click.option("--all", "every", is_flag=True, help="Also those that are revoked or have ended.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
def list_keys(tenant_id: str, *, every: bool, limit: int) -> None:
    """Show a merchant's keys, newest first; never their text."""
    known_tenant(tenant_id)
    found = operator_actions.keys_of(tenant_id, usable_only=not every, limit=limit + 1)
    click.echo(_LINE.format("key", "mode", "state", "created", "last used", "begins with", "name"))
    for key, usable in found[:limit]:
        used = rfc3339(key.last_used_at) if key.last_used_at else "never"
        times = (rfc3339(key.created_at), used)
        shown = (key.id, _mode(key), _state(key, usable=usable), *times, key.hint)
        click.echo(_LINE.format(*shown, words.visible(key.name)))
    if not found:
        click.echo("There is none.")
    if len(found) > limit:
        click.echo(f"There are more than these {limit}: --limit shows them.")


@key_commands.command("issue")
@click.argument("tenant_id", type=TENANT)
@click.option("--live/--test", "livemode", required=True, help="A live or a test key.")
@click.option("--name", type=Words("name", longest=100), default="Issued by the operator")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(ALL), help="All of them unless given."
)
@click.option("--revoke-others", is_flag=True, help="Refuse all other keys from now on.")
@OPERATOR
@REASON
def issue(
    tenant_id: str,
    *,
    livemode: bool,
    name: str,
    scopes: tuple[str, ...],
    revoke_others: bool,
    operator: str,
    reason: str,
) -> None:
    """Make a key for a merchant, who has lost theirs or has none. Make sure first that you talk to
    the merchant.
    """
    known_tenant(tenant_id)
    try:
        key, secret, revoked = operator_actions.issue_key(
            tenant_id=tenant_id,
            wanted=WantedKey(livemode, name, list(scopes or ALL)),
            revoke_others=revoke_others,
            operator=operator,
            reason=reason,
        )
    except service.TenantNotActivated as error:
        advice = f"Activate {tenant_id} first: `zampay tenant activate {tenant_id}`."
        raise click.ClickException(advice) from error
    except keys.TooManyKeys as error:
        raise click.ClickException(
            f"{error.title}: revoke some, or use --revoke-others."
        ) from error
    if revoke_others:
        click.echo(f"Revoked: {len(revoked)}.")
    click.echo(f"{_mode(key).capitalize()} key {key.id}, shown this once: {secret}")


@key_commands.command("revoke")
@click.argument("key_id", type=KEY)
@OPERATOR
@REASON
def revoke(key_id: str, operator: str, reason: str) -> None:
    """Refuse one key from now on, everywhere. `key issue` makes the next one for a merchant who has
    no other.
    """
    key = operator_actions.key_of_any_tenant(key_id)
    if key is None:
        raise click.ClickException(f"There is no key {key_id}.")
    revoked = operator_actions.revoke_key(
        tenant_id=key.tenant_id, key_id=key_id, operator=operator, reason=reason
    )
    for one in revoked:
        shown = words.visible(one.name)
        click.echo(f"Revoked: the {_mode(one)} key '{shown}' of {one.tenant_id}.")
    if not revoked:
        click.echo("Nothing to do: it is revoked already.")


def _mode(key: ApiKey) -> str:
    return "live" if key.livemode else "test"


def _state(key: ApiKey, *, usable: bool) -> str:
    return "usable" if usable else "revoked" if key.revoked_at else "ended"
