"""What the network says of a wallet: whether it takes the credentials, and what is in it.

The network is asked with no transaction open, for so long and by so many at once: one that hangs
must not take the threads of other requests.
"""

import contextvars
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from zampay.infra.database.db import transaction
from zampay.kernel import threads
from zampay.kernel.errors import ZamPayError
from zampay.kernel.findings import Finding, broken
from zampay.kernel.shares import Shares
from zampay.providers.contract import Balance, Provider
from zampay.providers.profile import Kind
from zampay.wallets import adapters, queries, service
from zampay.wallets.models import Status, Wallet
from zampay.wallets.queries import Moved
from zampay.wallets.service import By

Answer = TypeVar("Answer")
LONGEST_S: Final = 20.0
AT_ONCE, PER_TENANT = 4, 1
_shares = Shares(at_once=AT_ONCE, per_holder=PER_TENANT)
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="asking")


class Code(StrEnum):
    """What is found where the network was not asked, or did not answer."""

    TOO_SLOW = "network_too_slow"
    NOT_SERVED = "network_not_served"


class NetworkBeingAsked(ZamPayError):
    """So many ask networks at this moment that no thread is left for one more."""

    code = "network_being_asked"
    status = 429
    title = "Other questions to networks wait for their answers"
    advice = "wait for the answers to your other questions, or `Retry-After` seconds"


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a wallet holds: by the network, and by our books."""

    wallet: Wallet
    network: Balance | None
    ours: list[Moved]


def verify(by: By, wallet_id: str) -> tuple[Wallet, list[Finding]]:
    """Try the wallet's credentials and its callback address. An answer about the credentials makes
    it ACTIVE or REFUSED; without one it stays what it is.

    Raises:
        WalletNotFound, WalletDisabled, NetworkBeingAsked.
    """
    with transaction(by.tenant_id) as tx:
        wallet = service.own_usable(tx, wallet_id)
    findings = _findings(wallet, by.tenant_id)
    accepted = {one.accepted for one in findings} - {None}
    with transaction(by.tenant_id) as tx:
        tried, wallet = wallet, service.own(tx, wallet_id, lock=True)
        still = wallet.credentials_version == tried.credentials_version
        if accepted and still and wallet.status != Status.DISABLED:
            wallet.status = Status.REFUSED if False in accepted else Status.ACTIVE
            wallet.updated_at = tx.now
        if wallet.status == Status.ACTIVE and accepted == {True} and still:
            wallet.verified_at = tx.now
            wallet.activated_at = wallet.activated_at or tx.now
        codes = [one.code for one in findings]
        service.record(tx, by, "wallet.verified", wallet, status=wallet.status, found=codes)
    return wallet, findings


def diagnosed(wallet: Wallet) -> list[Finding]:
    """What the network says of the wallet now, however long that takes: for the operator."""
    provider = adapters.made(wallet)
    return provider.diagnose() if provider else [_not_served(wallet)]


def balance(tenant_id: str, wallet_id: str) -> Holdings:
    """What the wallet holds.

    Raises:
        WalletNotFound, NetworkBeingAsked.
    """
    with transaction(tenant_id) as tx:
        wallet = service.own(tx, wallet_id)
        provider = adapters.provider_of(tx, wallet.provider, wallet.id, livemode=True)
        ours = queries.moved(tx, wallet_id, Kind.PAYMENT)
    found = ask(tenant_id, provider, lambda one: one.balance(Kind.PAYMENT)) if provider else None
    return Holdings(wallet, found, ours)


def ask(
    tenant_id: str, provider: Provider, question: Callable[[Provider], Answer]
) -> Answer | None:
    """What the network answers within the time; None where it does not.

    Raises:
        NetworkBeingAsked.
    """
    with _share(tenant_id):
        return _within_time(lambda: question(provider))


def _findings(wallet: Wallet, tenant_id: str) -> list[Finding]:
    provider = adapters.made(wallet)
    if provider is None:
        return [_not_served(wallet)]
    found = ask(tenant_id, provider, lambda one: one.diagnose())
    if found is not None:
        return found
    says = f"{wallet.provider} did not answer within {LONGEST_S:.0f} seconds."
    return [broken(Code.TOO_SLOW, wallet.provider, says, "Verify the wallet again later.")]


def _not_served(wallet: Wallet) -> Finding:
    says = f"this gateway cannot call {wallet.provider} with this wallet."
    return broken(Code.NOT_SERVED, wallet.provider, says, "Ask the operator of this gateway.")


@contextmanager
def _share(tenant_id: str) -> Iterator[None]:
    with _shares.take(tenant_id) as taken:
        if not taken:
            raise NetworkBeingAsked(retry_after_s=5)
        yield


def _within_time(question: Callable[[], Answer]) -> Answer | None:
    """The answer of a thread that knows whose request it is. One that is late ends by the time-outs
    of its own calls; nobody hears it.
    """
    context = contextvars.copy_context()
    answer: Future[Answer] = Future()

    def work() -> None:
        try:
            answer.set_result(context.run(question))
        except Exception as error:  # noqa: BLE001 - raised again where the answer is awaited
            answer.set_exception(error)

    try:
        threads.submit(_threads, work)
        return answer.result(timeout=LONGEST_S)
    except (threads.NoThread, TookTooLong):
        return None
