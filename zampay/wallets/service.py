"""What merchants and operators do with wallets: make, replace the credentials, disable.

Each act leaves an audit entry in its own transaction; no entry, answer or error holds a credential.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zampay.infra.database.db import Transaction, transaction
from zampay.kernel import ids
from zampay.kernel.errors import InvalidField, ZamPayError
from zampay.providers import registry
from zampay.tenants import audit
from zampay.wallets import adapters, queries
from zampay.wallets.choosing import WalletNotFound
from zampay.wallets.models import Status, Wallet

TOKEN_LENGTH = 40


class TooManyWallets(ZamPayError):
    """The tenant has as many wallets as one may have."""

    code = "too_many_wallets"
    status = 422
    title = f"At most {queries.MOST} wallets, those that are disabled among them"
    advice = "replace the credentials of one that you have"


class WalletDisabled(ZamPayError):
    """A wallet that was disabled stays so."""

    code = "wallet_disabled"
    status = 409
    title = "This wallet is disabled"
    advice = "add another wallet"


@dataclass(frozen=True, slots=True)
class By:
    """Whose wallets, and who acts on them: a key's id, or `operator:<name>` with a reason."""

    tenant_id: str
    actor: str
    address: str | None
    reason: str | None = None


def create(by: By, *, provider: str, name: str, credentials: Mapping[str, str]) -> Wallet:
    """A new wallet; it takes nothing before it is verified.

    Raises:
        InvalidField: no such network here, or credentials that cannot be right.
        TooManyWallets.
    """
    _check(provider, credentials)
    with transaction(by.tenant_id) as tx:
        queries.lock_count(tx)
        if len(queries.wallets(tx)) >= queries.MOST:
            raise TooManyWallets
        wallet = Wallet(
            id=ids.new("wal"),
            tenant_id=by.tenant_id,
            provider=provider,
            name=name,
            encrypted_credentials=adapters.encrypted(credentials),
            credentials_version=1,
            callback_token=ids.secret(TOKEN_LENGTH),
            status=Status.UNVERIFIED,
            created_at=tx.now,
            updated_at=tx.now,
        )
        tx.session.add(wallet)
        record(tx, by, "wallet.created", wallet, provider=provider, name=name)
    return wallet


def replace(by: By, wallet_id: str, credentials: Mapping[str, str]) -> Wallet:
    """Other credentials for the same account. What is under way goes on with them, from the next
    second on; an active wallet stays active, though nobody has tried them yet.

    Raises:
        WalletNotFound, WalletDisabled, InvalidField.
    """
    with transaction(by.tenant_id) as tx:
        wallet = own_usable(tx, wallet_id)
        _check(wallet.provider, credentials)
        wallet.encrypted_credentials = adapters.encrypted(credentials)
        wallet.credentials_version += 1
        wallet.verified_at = None
        if wallet.status == Status.REFUSED:
            wallet.status = Status.UNVERIFIED
        wallet.updated_at = tx.now
        version = wallet.credentials_version
        record(tx, by, "wallet.credentials_replaced", wallet, version=version)
    return wallet


def disable(by: By, wallet_id: str) -> Wallet:
    """Take nothing new through it, for good; what is under way is still sent and followed.

    Raises:
        WalletNotFound.
    """
    with transaction(by.tenant_id) as tx:
        wallet = own(tx, wallet_id, lock=True)
        if wallet.status != Status.DISABLED:
            wallet.status = Status.DISABLED
            wallet.disabled_at = wallet.updated_at = tx.now
            record(tx, by, "wallet.disabled", wallet)
    return wallet


def find(tenant_id: str, wallet_id: str) -> Wallet:
    """One wallet of the tenant.

    Raises:
        WalletNotFound.
    """
    with transaction(tenant_id) as tx:
        return own(tx, wallet_id)


def all_of(tenant_id: str) -> Sequence[Wallet]:
    """Every wallet of the tenant, oldest first."""
    with transaction(tenant_id) as tx:
        return queries.wallets(tx)


def own(tx: Transaction, wallet_id: str, *, lock: bool = False) -> Wallet:
    """The tenant's wallet.

    Raises:
        WalletNotFound.
    """
    found = queries.wallet(tx, wallet_id, lock=lock) if ids.is_id("wal", wallet_id) else None
    if found is None:
        raise WalletNotFound
    return found


def own_usable(tx: Transaction, wallet_id: str) -> Wallet:
    """The tenant's wallet, locked.

    Raises:
        WalletNotFound, WalletDisabled.
    """
    found = own(tx, wallet_id, lock=True)
    if found.status == Status.DISABLED:
        raise WalletDisabled
    return found


def record(tx: Transaction, by: By, action: str, wallet: Wallet, **details: Any) -> None:
    """An entry in the tenant's audit log."""
    if by.reason is not None:
        details["reason"] = by.reason
    audit.record(
        tx, action=action, actor=by.actor, address=by.address, subject=wallet.id, **details
    )


def _check(provider: str, credentials: Mapping[str, str]) -> None:
    network = registry.reachable().get(provider)
    if network is None:
        codes = ", ".join(registry.reachable()) or "none"
        raise InvalidField({"provider": f"is no network that is served here (served: {codes})"})
    wrong = network.merchant_wallets.objections(credentials)
    if wrong:
        raise InvalidField({f"credentials.{name}": says for name, says in wrong.items()})
