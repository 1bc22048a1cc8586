"""Wallets over all tenants, for the operator's commands alone."""

from collections.abc import Sequence

from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.wallets import queries
from zampay.wallets.models import Wallet


def of_any_tenant(wallet_id: str) -> Wallet | None:
    """A wallet of whichever tenant."""
    with transaction(EVERY_TENANT) as tx:
        return tx.session.get(Wallet, wallet_id)


def usable() -> Sequence[Wallet]:
    """Every wallet that takes new transfers, or did until its network refused it."""
    with transaction(EVERY_TENANT) as tx:
        return queries.every_usable_wallet(tx)
