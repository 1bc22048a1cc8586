"""Encrypt webhook secrets and headers with the current key, so that the previous one can go.

Only what is still used is read: secrets and headers of endpoints that exist, a previous secret
until its end.
"""

from dataclasses import dataclass, field

from zampay.infra import encryption
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.infra.encryption import Key
from zampay.tenants import operator_actions
from zampay.webhooks import queries
from zampay.webhooks.models import Endpoint

COMMAND = "zampay secrets rotate-encryption"
REMEDY = (
    f"Give the key that encrypted them as SECRET_KEY_PREVIOUS and run `{COMMAND}` again; if it is"
    " lost, their merchants rotate the secrets with an overlap of 0 hours."
)


@dataclass(slots=True)
class Tally:
    """How many values the current key decrypts, how many only an earlier one, and the endpoints
    with a value that no key decrypts, as (endpoint id, tenant id).
    """

    current: int = 0
    earlier: int = 0
    lost: list[tuple[str, str]] = field(default_factory=list)

    def count(self, endpoint: Endpoint, stored: str) -> Key:
        """Count one value of an endpoint; which key decrypts it."""
        key = encryption.key_of(stored)
        self.current += key is Key.CURRENT
        self.earlier += key is Key.EARLIER
        if key is Key.NONE:
            self.lost.append((endpoint.id, endpoint.tenant_id))
        return key

    def rotated(self, endpoint: Endpoint, stored: str) -> str:
        """Count one value of an endpoint; the value under the current key, if a key decrypts it."""
        is_earlier = self.count(endpoint, stored) is Key.EARLIER
        return encryption.rotate(stored) if is_earlier else stored


def examine() -> Tally:
    """The state of things, over every tenant; changes nothing."""
    tally = Tally()
    with transaction(EVERY_TENANT) as tx:
        for endpoint in queries.every_endpoint(tx):
            secrets = endpoint.secrets_in_use(tx.now).values()
            for stored in (*secrets, *endpoint.encrypted_headers.values()):
                tally.count(endpoint, stored)
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
                for column, stored in endpoint.secrets_in_use(tx.now).items():
                    setattr(endpoint, column, tally.rotated(endpoint, stored))
                endpoint.encrypted_headers = {
                    name: tally.rotated(endpoint, stored)
                    for name, stored in endpoint.encrypted_headers.items()
                }
    return tally
