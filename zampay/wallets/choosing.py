"""Which wallet a new transfer goes through. The choice is part of the statement that accepts it
(`zampay/transfers/acceptance.py`), so that it costs no look-up and is as fresh as the row.

In this order: the wallet that the request names, if it is the tenant's and active; the tenant's
oldest active one at the network; the deployment's, where that is shared and the tenant has none.
A tenant whose wallet was active once and is refused now has one: its money must not go elsewhere.
"""

from dataclasses import dataclass

from flask import current_app

from zampay.infra.database.db import Transaction
from zampay.kernel import ids
from zampay.kernel.errors import InvalidField, ZamPayError
from zampay.providers import registry
from zampay.providers.profile import DEPLOYMENT
from zampay.wallets import queries
from zampay.wallets.models import Choice, Status

STATEMENT = f"""
    (SELECT id, CASE WHEN CAST(%(named_wallet)s AS text) IS NULL THEN '{Choice.OWN}'
                     ELSE '{Choice.NAMED}' END AS choice
       FROM wallets
      WHERE %(own_wallets)s AND tenant_id = %(tenant_id)s AND provider = %(provider)s
        AND status = '{Status.ACTIVE}'
        AND (CAST(%(named_wallet)s AS text) IS NULL OR id = %(named_wallet)s)
      ORDER BY created_at, id LIMIT 1)
     UNION ALL
    SELECT '{DEPLOYMENT}', CAST(%(fallback)s AS text)
     WHERE CAST(%(fallback)s AS text) IS NOT NULL AND CAST(%(named_wallet)s AS text) IS NULL
       AND NOT (%(own_wallets)s AND EXISTS (
           SELECT FROM wallets
            WHERE tenant_id = %(tenant_id)s AND provider = %(provider)s
              AND activated_at IS NOT NULL AND status <> '{Status.DISABLED}'))
"""  # noqa: S608 - names are ours
"""One row (id, choice), or none; what it takes is in `arguments`."""


class WalletNotFound(ZamPayError):
    """No such wallet of this tenant, in this mode."""

    code = "wallet_not_found"
    status = 404
    title = "There is no such wallet"
    advice = "check the `wal_…` id, and that the key is live"


class WalletNotActive(ZamPayError):
    """The wallet takes nothing new."""

    code = "wallet_not_active"
    status = 409
    title = "This wallet takes no new payments"
    advice = "verify it first (`POST /wallets/{id}/verify`), or use another one"


class NetworkNotAvailable(ZamPayError):
    """Neither the tenant nor, for the tenant, the deployment has a wallet at the network."""

    code = "network_not_available"
    status = 422
    title = "There is no wallet to pay into at this network"
    advice = "add a wallet of your own at this network (`POST /wallets`) and verify it"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A wallet, and why it is this one."""

    wallet_id: str
    choice: Choice


def arguments(provider: str, *, named: str | None, livemode: bool) -> dict[str, object]:
    """What the statement takes, beside the tenant."""
    fallback: Choice | None = None if livemode else Choice.SANDBOX
    if livemode and current_app.config["SHARED_WALLETS"]:
        fallback = Choice.SHARED if provider in registry.served(livemode=True) else None
    if named is not None and not ids.is_id("wal", named):
        named = ""  # no wallet has it, and PostgreSQL does not take every text
    return {
        "provider": provider,
        "named_wallet": named,
        "own_wallets": livemode,
        "fallback": fallback,
    }


def chosen(
    tx: Transaction, provider: str, *, named: str | None = None, livemode: bool
) -> Chosen | None:
    """The wallet that a transfer accepted now would go through."""
    given = arguments(provider, named=named, livemode=livemode)
    row = tx.execute(STATEMENT, tenant_id=tx.tenant_id, **given).fetchone()
    return None if row is None else Chosen(row.id, Choice(row.choice))


def refusal(tx: Transaction, provider: str, *, named: str | None, livemode: bool) -> ZamPayError:
    """Why there was no wallet for a transfer."""
    if named is None:
        return NetworkNotAvailable(f"{NetworkNotAvailable.title}: {provider}.")
    known = queries.wallet(tx, named) if livemode and ids.is_id("wal", named) else None
    if known is None:
        return WalletNotFound()
    if known.provider != provider:
        says = f"is a wallet at {known.provider}, and the payment goes to {provider}"
        return InvalidField({"walletId": says})
    return WalletNotActive(f"{WalletNotActive.title}: it is {known.status}.")
