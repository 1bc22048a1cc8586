"""Encrypt webhook secrets and headers with the current key, so that the previous one can go.

Only what is still used is read: secrets and headers of endpoints that exist, a previous secret
until its end.
"""

from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.infra.encryption import Tally
from zampay.tenants import operator_actions
from zampay.webhooks import queries

COMMAND = "zampay secrets rotate-encryption"
REMEDY = (
    f"Give the key that encrypted them as SECRET_KEY_PREVIOUS and run `{COMMAND}` again; if it is"
    " lost, their merchants rotate the secrets with an overlap of 0 hours."
)


def examine() -> Tally:
    """The state of things, over every tenant; changes nothing."""
    tally = Tally()
    with transaction(EVERY_TENANT) as tx:
        for endpoint in queries.every_endpoint(tx):
            secrets = endpoint.secrets_in_use(tx.now).values()
            for stored in (*secrets, *endpoint.encrypted_headers.values()):
                tally.count(stored, of=(endpoint.id, endpoint.tenant_id))
    return tally


def rotate() -> Tally:
    """Encrypt with the current key what only an earlier one decrypts; the state before.

    One transaction for each tenant (a tenant has few endpoints). It locks the endpoints as a
    rotation of a secret does, so that a merchant who rotates meanwhile loses nothing. What is under
    the current key stays as it is: running this again, also after a failure, does no harm.
    """
    tally = Tally()
    for tenant_id in operator_actions.every_tenant_id():
        with transaction(tenant_id) as tx:
            for endpoint in queries.locked_endpoints(tx):
                of = (endpoint.id, endpoint.tenant_id)
                for column, stored in endpoint.secrets_in_use(tx.now).items():
                    setattr(endpoint, column, tally.rotated(stored, of=of))
                endpoint.encrypted_headers = {
                    name: tally.rotated(stored, of=of)
                    for name, stored in endpoint.encrypted_headers.items()
                }
    return tally
