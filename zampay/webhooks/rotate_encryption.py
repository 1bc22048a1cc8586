"""Webhook secrets and headers sealed again with the key of today, so that the key before it can
be dropped.

Only what still signs is looked at: secrets of endpoints that are there, the previous one until its
end. The rest is never opened again, by whatever key it is sealed.
"""

from dataclasses import dataclass, field

from zampay.infra import sealed
from zampay.infra.db import EVERY_TENANT, transaction
from zampay.infra.sealed import Seal
from zampay.tenants import operator_actions
from zampay.webhooks import queries
from zampay.webhooks.models import Endpoint

REMEDY = (
    "Give the key that sealed them as SECRET_KEY_PREVIOUS and run `flask --app wsgi secrets reseal`"
    " again; if it is lost, their merchants rotate the secrets with an overlap of 0 hours."
)


@dataclass(slots=True)
class Tally:
    """How many secrets the key of today opens, how many only an earlier one, and the endpoints
    with a secret that no key opens, as (endpoint id, tenant id).
    """

    current: int = 0
    earlier: int = 0
    lost: list[tuple[str, str]] = field(default_factory=list)

    def count(self, endpoint: Endpoint, stored: str) -> Seal:
        """Take in one secret of an endpoint; which key opens it."""
        seal = sealed.examine(stored)
        self.current += seal is Seal.CURRENT
        self.earlier += seal is Seal.EARLIER
        if seal is Seal.LOST:
            self.lost.append((endpoint.id, endpoint.tenant_id))
        return seal


def examine() -> Tally:
    """How things are, over every tenant; nothing is changed."""
    tally = Tally()
    with transaction(EVERY_TENANT) as tx:
        for endpoint in queries.every_endpoint(tx):
            for stored in endpoint.secrets_in_use(tx.now).values():
                tally.count(endpoint, stored)
            for stored in endpoint.sealed_headers.values():
                tally.count(endpoint, stored)
    return tally


def reseal() -> Tally:
    """Seal again what only an earlier key opens; how things were before.

    One transaction for each tenant (an account has few endpoints), with its endpoints locked as a
    rotation of the secret locks them, so that a merchant who rotates meanwhile loses nothing. What
    is under the key of today stays as it is: repeating this, also after a break, does no harm.
    """
    tally = Tally()
    for tenant_id in operator_actions.every_tenant_id():
        with transaction(tenant_id) as tx:
            for endpoint in queries.locked_endpoints(tx):
                for column, stored in endpoint.secrets_in_use(tx.now).items():
                    if tally.count(endpoint, stored) is Seal.EARLIER:
                        setattr(endpoint, column, sealed.reseal(stored))
                endpoint.sealed_headers = {
                    name: sealed.reseal(stored)
                    if tally.count(endpoint, stored) is Seal.EARLIER
                    else stored
                    for name, stored in endpoint.sealed_headers.items()
                }
    return tally
