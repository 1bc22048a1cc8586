"""Which wallet a network calls back, where it has one callback address for all payments of a
wallet: the address ends in the wallet's own token.
"""

import hmac
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from zampay.infra.database.db import TenantOf, transaction
from zampay.infra.database.definer import Function
from zampay.kernel import clock
from zampay.providers.contract import Provider
from zampay.wallets import adapters
from zampay.wallets.models import LOOKUP_LENGTH, Wallet

TENANT_OF_WALLET: Final = Function(
    "tenant_of_wallet",
    takes="half_token text",
    gives="tenant_id text",
    body="""
        SELECT w.tenant_id FROM public.wallets w WHERE w.callback_lookup = half_token
    """,
)


@dataclass(frozen=True, slots=True)
class CalledBack:
    """A wallet that its network calls back, and the adapter that reads the callback."""

    wallet_id: str
    tenant_id: str
    provider: Provider


def called_back(code: str, token: str) -> CalledBack | None:
    """The wallet at this network whose token it is; also one that is disabled, for what is under
    way. As for transfers, an index sees half of the token alone, and the rest is compared in a time
    that tells nothing.
    """
    half, asked_s = token[:LOOKUP_LENGTH], clock.monotonic_s()
    with transaction(TenantOf(TENANT_OF_WALLET, {"half_token": half})) as tx:
        wallet = tx.session.scalar(sa.select(Wallet).where(Wallet.callback_lookup == half))
        if wallet is None or wallet.provider != code:
            return None
        if not hmac.compare_digest(wallet.callback_token.encode(), token.encode()):
            return None
        provider = adapters.of_row(wallet, asked_s=asked_s)
        return CalledBack(wallet.id, wallet.tenant_id, provider) if provider else None
