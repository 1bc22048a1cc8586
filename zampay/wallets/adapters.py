"""The adapter of a transfer's wallet: the deployment's, a sandbox, or one made of a merchant's
credentials.

Merchants' adapters are kept by their wallet and the version of its credentials, because each holds
connections and a token. For a second the version is known; so replaced credentials are used
everywhere one second later.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
import structlog
from flask import Flask, current_app

from zampay.infra import encryption
from zampay.infra.database.db import Transaction
from zampay.kernel import clock
from zampay.providers import registry
from zampay.providers.contract import Provider
from zampay.providers.profile import DEPLOYMENT
from zampay.wallets.models import Wallet

log = structlog.get_logger()
KNOWN_S = 1.0
MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class _Kept:
    version: int
    provider: Provider | None
    until_s: float


@dataclass(slots=True)
class KnownWallets:
    """By (tenant id, wallet id): what is known, and until when (monotonic seconds)."""

    kept: dict[tuple[str, str], _Kept] = field(default_factory=dict)


def init(app: Flask) -> None:
    """Let the application's process keep adapters."""
    app.extensions["known_wallets"] = KnownWallets()


def provider_of(tx: Transaction, code: str, wallet_id: str, *, livemode: bool) -> Provider | None:
    """Who serves a transfer of the tenant that goes through this wallet; None where its network is
    not served here, the wallet is not the tenant's, or no key decrypts its credentials.
    """
    if wallet_id == DEPLOYMENT or not livemode:
        return registry.served(livemode=livemode).get(code)
    kept = _known().get((tx.tenant_id, wallet_id))
    if kept is not None and clock.monotonic_s() < kept.until_s:
        return kept.provider
    asked_s = clock.monotonic_s()
    row = _row(tx, wallet_id)
    return None if row is None or row.provider != code else of_row(row, asked_s=asked_s)


def of_row(wallet: Wallet, *, asked_s: float) -> Provider | None:
    """Who serves the wallet as it was read, asked for at that time (monotonic seconds); known from
    then on for a second.
    """
    name = (wallet.tenant_id, wallet.id)
    kept = _known().get(name)
    if kept is not None and kept.version == wallet.credentials_version and kept.provider:
        provider: Provider | None = kept.provider
    else:
        provider = made(wallet)
    _keep(name, _Kept(wallet.credentials_version, provider, asked_s + KNOWN_S))
    return provider


def made(wallet: Wallet) -> Provider | None:
    """A new adapter for the wallet as it is; None where there cannot be one."""
    network = registry.reachable().get(wallet.provider)
    if network is None:
        return None
    try:
        return network.make(credentials_of(wallet), wallet.callback_token)
    except encryption.CannotDecrypt:
        log.error("wallet_not_decrypted", wallet_id=wallet.id)  # noqa: TRY400 - the name says it all
        return None


def credentials_of(wallet: Wallet) -> Mapping[str, str]:
    """The credentials in clear.

    Raises:
        encryption.CannotDecrypt.
    """
    found: dict[str, str] = json.loads(encryption.decrypt(wallet.encrypted_credentials))
    return found


def encrypted(credentials: Mapping[str, str]) -> str:
    """Credentials as they may be stored."""
    return encryption.encrypt(json.dumps(credentials))


def _row(tx: Transaction, wallet_id: str) -> Wallet | None:
    return tx.session.scalar(
        sa.select(Wallet).where(Wallet.tenant_id == tx.tenant_id, Wallet.id == wallet_id)
    )


def _known() -> dict[tuple[str, str], _Kept]:
    found: KnownWallets = current_app.extensions["known_wallets"]
    return found.kept


def _keep(name: tuple[str, str], kept: _Kept) -> None:
    known = _known()
    known.pop(name, None)
    while len(known) >= MOST_KEPT:
        known.pop(next(iter(known)), None)
    known[name] = kept
