"""Encrypt the credentials of wallets with the current key, so that the previous one can go."""

from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.infra.encryption import Tally
from zampay.tenants import operator_actions
from zampay.wallets import queries

REMEDY = (
    "Give the key that encrypted them as SECRET_KEY_PREVIOUS and run `zampay secrets "
    "rotate-encryption` again; if it is lost, their merchants replace the credentials "
    "(`PUT /wallets/{id}/credentials`)."
)


def examine() -> Tally:
    """The state of things, over every tenant; changes nothing."""
    tally = Tally()
    with transaction(EVERY_TENANT) as tx:
        for wallet in queries.every_wallet(tx):
            tally.count(wallet.encrypted_credentials, of=(wallet.id, wallet.tenant_id))
    return tally


def rotate() -> Tally:
    """Encrypt with the current key what only an earlier one decrypts; the state before. A merchant
    who replaces credentials meanwhile loses nothing, and running this again does no harm.
    """
    tally = Tally()
    for tenant_id in operator_actions.every_tenant_id():
        with transaction(tenant_id) as tx:
            for wallet in queries.locked_wallets(tx):
                stored = wallet.encrypted_credentials
                wallet.encrypted_credentials = tally.rotated(
                    stored, of=(wallet.id, wallet.tenant_id)
                )
    return tally
