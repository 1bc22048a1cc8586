"""Networks over REST."""

from typing import Any

from zampay.infra.web.api import blueprint
from zampay.networks import examples, schemas, service
from zampay.tenants.auth import Caller, requires
from zampay.tenants.scopes import Scope

networks = blueprint("networks", "What each network takes, and how it goes there.")


@networks.route("/networks", methods=["GET"])
@networks.doc(operationId="listNetworks")
@requires(Scope.PAYMENTS_READ)
@networks.response(200, schemas.Networks, example=examples.NETWORKS)
def index(*, caller: Caller) -> Any:
    """List the networks.

    Those that are served in the mode of the key: numbers, currencies and limits, the wallet that a
    payment would go through, whether the network answers, and how payments of the last hour ended.
    """
    return {"data": service.overview(caller.tenant_id, livemode=caller.livemode)}


@networks.route("/account-holders/<msisdn>", methods=["GET"])
@networks.doc(operationId="getAccountHolder")
@requires(Scope.PAYMENTS_READ)
@networks.arguments(schemas.HolderQuery, location="query")
@networks.response(200, schemas.HolderView, example=examples.HOLDER)
def account_holder(query: dict[str, Any], *, msisdn: str, caller: Caller) -> Any:
    """Ask whom a number belongs to.

    Advice for people, where the network tells: never a reason to refuse a payment by itself. Few
    questions a minute; what the network does not say is null.
    """
    return service.holder(
        caller.tenant_id, msisdn, named=query["provider"], livemode=caller.livemode
    )
