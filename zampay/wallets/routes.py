"""Wallets over REST: a live key, one call, an answer without credentials."""

from typing import Any

from flask import url_for

from zampay.infra.web import openapi
from zampay.infra.web.api import blueprint, no_members
from zampay.tenants.auth import Caller, requires
from zampay.tenants.scopes import Scope
from zampay.tenants.service import LiveKeyNeeded
from zampay.wallets import examples, schemas, service, verification
from zampay.wallets.choosing import WalletNotFound
from zampay.wallets.service import By

wallets = blueprint("wallets", "Your own wallets at the networks: the money goes there.")


@wallets.route("/wallets", methods=["POST"])
@wallets.doc(operationId="createWallet")
@requires(Scope.WALLETS_WRITE)
@wallets.arguments(schemas.WalletRequest)
@wallets.response(
    201, schemas.WalletView, example=examples.WALLET, headers=openapi.headers("Location")
)
def create(wanted: dict[str, Any], *, caller: Caller) -> Any:
    """Add a wallet of your own.

    Takes a live key. Its credentials are looked at for their shape, encrypted, and never shown
    again. Verify it next: before that it takes no payments.
    """
    if not caller.livemode:
        raise LiveKeyNeeded("A wallet holds real money; in test mode there is none.")
    wallet = service.create(_by(caller), **wanted)
    return wallet, 201, {"Location": url_for("wallets.show", wallet_id=wallet.id)}


@wallets.route("/wallets", methods=["GET"])
@wallets.doc(operationId="listWallets")
@requires(Scope.WALLETS_READ)
@wallets.response(200, schemas.Wallets, example=examples.WALLETS)
def index(*, caller: Caller) -> Any:
    """List wallets.

    All of them, oldest first; with a test key none, for there are none in test mode.
    """
    return {"data": service.all_of(caller.tenant_id) if caller.livemode else []}


@wallets.route("/wallets/<wallet_id>", methods=["GET"])
@wallets.doc(operationId="getWallet")
@requires(Scope.WALLETS_READ)
@wallets.response(200, schemas.WalletView, example=examples.ACTIVE)
def show(*, wallet_id: str, caller: Caller) -> Any:
    """Read one wallet.

    Without its credentials.
    """
    return service.find(_live_tenant(caller), wallet_id)


@wallets.route("/wallets/<wallet_id>/verify", methods=["POST"])
@wallets.doc(operationId="verifyWallet")
@requires(Scope.WALLETS_WRITE)
@no_members(wallets)
@wallets.response(200, schemas.Verified, example=examples.VERIFIED)
def verify(*, wallet_id: str, caller: Caller) -> Any:
    """Verify a wallet.

    Tries its credentials at the network, and the address for callbacks, and says what is wrong. The
    wallet becomes ACTIVE, or REFUSED; where the network does not answer it stays what it was.
    """
    _live_tenant(caller)
    wallet, findings = verification.verify(_by(caller), wallet_id)
    return {"wallet": wallet, "findings": findings}


@wallets.route("/wallets/<wallet_id>/credentials", methods=["PUT"])
@wallets.doc(operationId="replaceWalletCredentials")
@requires(Scope.WALLETS_WRITE)
@wallets.arguments(schemas.CredentialsRequest)
@wallets.response(200, schemas.WalletView, example=examples.WALLET)
def replace(body: dict[str, Any], *, wallet_id: str, caller: Caller) -> Any:
    """Replace the credentials of a wallet.

    For the same account at the network. Payments under way go on with the new ones; an ACTIVE
    wallet stays so. Verify it again to know that they are right.
    """
    _live_tenant(caller)
    return service.replace(_by(caller), wallet_id, body["credentials"])


@wallets.route("/wallets/<wallet_id>/balance", methods=["GET"])
@wallets.doc(operationId="getWalletBalance")
@requires(Scope.WALLETS_READ)
@wallets.response(200, schemas.HoldingsView, example=examples.HOLDINGS)
def balance(*, wallet_id: str, caller: Caller) -> Any:
    """Read the balance of a wallet.

    The network's figure, asked for now, beside what this gateway has brought in and what is still
    under way.
    """
    return verification.balance(_live_tenant(caller), wallet_id)


@wallets.route("/wallets/<wallet_id>/disable", methods=["POST"])
@wallets.doc(operationId="disableWallet")
@requires(Scope.WALLETS_WRITE)
@no_members(wallets)
@wallets.response(200, schemas.WalletView, example=examples.DISABLED)
def disable(*, wallet_id: str, caller: Caller) -> Any:
    """Disable a wallet.

    For good: it takes nothing new. Payments under way are still sent and followed to their end.
    """
    _live_tenant(caller)
    return service.disable(_by(caller), wallet_id)


def _live_tenant(caller: Caller) -> str:
    """The caller's tenant; a test key sees no wallet.

    Raises:
        WalletNotFound.
    """
    if not caller.livemode:
        raise WalletNotFound
    return caller.tenant_id


def _by(caller: Caller) -> By:
    return By(caller.tenant_id, caller.key_id, caller.address)
