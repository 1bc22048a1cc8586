"""Reads of wallets; every one takes the transaction it reads in and names its tenant."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from zampay.infra.database.db import Transaction
from zampay.wallets.models import Status, Wallet

MOST = 100
"""Wallets that a tenant may have, those that are disabled among them."""


def wallet(tx: Transaction, wallet_id: str, *, lock: bool = False) -> Wallet | None:
    """One wallet of the tenant; with `lock` it stays as it is until the transaction ends."""
    query = _of(tx).where(Wallet.id == wallet_id)
    return tx.session.scalar(query.with_for_update(key_share=True) if lock else query)


def wallets(tx: Transaction) -> Sequence[Wallet]:
    """All wallets of the tenant, oldest first."""
    return tx.session.scalars(_of(tx).order_by(Wallet.created_at, Wallet.id).limit(MOST)).all()


def locked_wallets(tx: Transaction) -> Sequence[Wallet]:
    """As `wallets`, each locked until the transaction ends."""
    query = _of(tx).order_by(Wallet.id).with_for_update(key_share=True)
    return tx.session.scalars(query).all()


def every_wallet(tx: Transaction) -> Sequence[Wallet]:
    """Wallets of every tenant, for who sees them."""
    return tx.session.scalars(sa.select(Wallet).order_by(Wallet.id)).all()


def every_usable_wallet(tx: Transaction) -> Sequence[Wallet]:
    """Wallets of every tenant that take new transfers, or did until a network refused them."""
    usable = Wallet.status.in_([Status.ACTIVE, Status.REFUSED])
    return tx.session.scalars(sa.select(Wallet).where(usable).order_by(Wallet.id)).all()


def lock_count(tx: Transaction) -> None:
    """Let two requests at once not both make the last wallet."""
    locked = sa.func.hashtext(f"wallets:{tx.tenant_id}")
    tx.session.execute(sa.select(sa.func.pg_advisory_xact_lock(locked)))


@dataclass(frozen=True, slots=True)
class Moved:
    """What went through a wallet by our books, in one currency, and what may still come."""

    currency: str
    paid_minor: int
    in_flight_minor: int


_MOVED = """
    SELECT currency,
           coalesce(sum(amount_minor) FILTER (WHERE state = 'SUCCESSFUL'), 0) AS paid_minor,
           coalesce(sum(amount_minor) FILTER (WHERE completed_at IS NULL), 0) AS in_flight_minor
      FROM transfers
     WHERE tenant_id = %(tenant_id)s AND livemode AND kind = %(kind)s
       AND wallet_id = %(wallet_id)s AND wallet_id <> 'deployment'
     GROUP BY currency ORDER BY currency
"""


def moved(tx: Transaction, wallet_id: str, kind: str) -> list[Moved]:
    """By currency, for one kind of transfer."""
    found = tx.execute(_MOVED, tenant_id=tx.tenant_id, wallet_id=wallet_id, kind=kind)
    return [Moved(row.currency, int(row.paid_minor), int(row.in_flight_minor)) for row in found]


def _of(tx: Transaction) -> sa.Select[Wallet]:
    return sa.select(Wallet).where(Wallet.tenant_id == tx.tenant_id)
