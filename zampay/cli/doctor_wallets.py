"""What `zampay doctor` says of what is encrypted, of the deployment's wallets, of merchants'."""

from collections.abc import Callable, Iterator
from enum import StrEnum

import sqlalchemy as sa

from zampay.infra.database.db import NO_TENANT, transaction
from zampay.infra.encryption import Tally
from zampay.infra.telemetry import error_text
from zampay.kernel.clock import rfc3339
from zampay.kernel.findings import Finding, Verdict, advice, broken, fine
from zampay.providers import registry
from zampay.transfers import network_states
from zampay.wallets import operators, verification
from zampay.wallets import rotate_encryption as of_wallets
from zampay.wallets.models import Status, Wallet
from zampay.webhooks import rotate_encryption as of_webhooks

COMMAND = "zampay secrets rotate-encryption"


class Code(StrEnum):
    """What can be found."""

    SECRETS_UNREAD = "secrets_unread"
    SECRETS_LOST = "secrets_lost"
    SECRETS_OF_EARLIER_KEY = "secrets_of_earlier_key"
    SECRETS_CURRENT = "secrets_current"
    CREDENTIALS_UNREAD = "credentials_unread"
    CREDENTIALS_LOST = "credentials_lost"
    CREDENTIALS_OF_EARLIER_KEY = "credentials_of_earlier_key"
    CREDENTIALS_CURRENT = "credentials_current"
    NETWORK_SERVED = "network_served"
    NETWORK_KNOWN = "network_known"
    NO_NETWORK = "no_network"
    NETWORK_DEGRADED = "network_degraded"
    NETWORKS_UNREAD = "networks_unread"
    WALLETS_UNREAD = "wallets_unread"
    WALLETS_ASKED = "wallets_asked"
    WALLET_KNOWN_REFUSED = "wallet_known_refused"


def secrets() -> Iterator[Finding]:
    """Whether SECRET_KEY alone decrypts what is encrypted."""
    yield from _encrypted("webhook secrets", of_webhooks.examine, of_webhooks.REMEDY)
    yield from _encrypted("wallet credentials", of_wallets.examine, of_wallets.REMEDY)


def _encrypted(subject: str, examine: Callable[[], Tally], remedy: str) -> Iterator[Finding]:
    kind = subject.split()[1]
    try:
        found = examine()
    except sa.exc.SQLAlchemyError as error:
        says = f"they could not be looked at: {error_text.of_database(error)}."
        yield broken(Code(f"{kind}_unread"), subject, says, "The database's own finding says more.")
        return
    if found.lost:
        names = ", ".join(sorted({holder for holder, _ in found.lost}))
        yield broken(Code(f"{kind}_lost"), subject, f"no key decrypts those of {names}.", remedy)
    if found.earlier:
        says = f"only SECRET_KEY_PREVIOUS decrypts {found.earlier} of them."
        remedy = f"Run `{COMMAND}` before you drop it."
        yield advice(Code(f"{kind}_of_earlier_key"), subject, says, remedy)
    if not (found.lost or found.earlier):
        yield fine(Code(f"{kind}_current"), subject, f"SECRET_KEY decrypts all {found.current}.")


def networks() -> Iterator[Finding]:
    """What each network says of the deployment's wallet there."""
    served = registry.served(livemode=True)
    known = registry.networks(livemode=True)
    for name in known:
        if name in served:
            yield fine(Code.NETWORK_SERVED, name, "configured; asking it ...")
            yield from served[name].diagnose()
        else:
            yield fine(Code.NETWORK_KNOWN, name, "merchants' own wallets only.")
    if not known:
        remedy = "Set the variables of one; `.env.example` lists them."
        says = "none is configured: live payments are refused."
        yield advice(Code.NO_NETWORK, "networks", says, remedy)


def troubles() -> Iterator[Finding]:
    """Which networks do not answer, as workers have found."""
    try:
        with transaction(NO_TENANT) as tx:
            found = tx.session.execute(network_states.NETWORK_TROUBLES_OPEN.rows()).all()
    except sa.exc.SQLAlchemyError as error:
        says = f"what workers found could not be read: {error_text.of_database(error)}."
        yield broken(
            Code.NETWORKS_UNREAD, "networks", says, "The database's own finding says more."
        )
        return
    for row in found:
        whose = (
            f"{row.wallet_id} of {row.tenant_id}" if row.tenant_id else "the deployment's wallet"
        )
        says = f"{row.state} for {whose} since {rfc3339(row.began_at)}: {row.reason}."
        remedy = "Payments wait for it: docs/runbooks/NetworkDegraded.md."
        yield broken(Code.NETWORK_DEGRADED, row.provider, says, remedy)


def wallets() -> Iterator[Finding]:
    """What the networks say of merchants' wallets; one that is fine needs no line of its own."""
    try:
        found = operators.usable()
    except sa.exc.SQLAlchemyError as error:
        says = f"they could not be looked at: {error_text.of_database(error)}."
        remedy = "The database's own finding says more."
        yield broken(Code.WALLETS_UNREAD, "merchants' wallets", says, remedy)
        return
    accepted = 0
    for wallet in found:
        said = verification.diagnosed(wallet)
        accepted += any(one.accepted for one in said)
        for one in said:
            if one.verdict is Verdict.BROKEN:
                yield _of(wallet, one)
    if found:
        says = f"{len(found)} asked about, {accepted} accepted."
        yield fine(Code.WALLETS_ASKED, "merchants' wallets", says)


def _of(wallet: Wallet, found: Finding) -> Finding:
    """One finding of a merchant's wallet. A refusal that is known already takes no new payment, so
    that nothing waits for it.
    """
    subject = f"{wallet.id} of {wallet.tenant_id}"
    says = f"{found.subject}: {found.says}"
    remedy = f"The merchant can mend it (PUT /wallets/{wallet.id}/credentials). {found.remedy}"
    if found.accepted is False and wallet.status == Status.REFUSED:
        return advice(Code.WALLET_KNOWN_REFUSED, subject, says, remedy)
    return broken(found.code, subject, says, remedy)
