"""Account holders, the same for every product, and the balance of the product's wallet."""

from flask import Blueprint, Response, g, request

from zampay.simulators.core.answers import as_json, empty
from zampay.simulators.core.wallet import plain
from zampay.simulators.mtn import endings, strictness
from zampay.simulators.mtn.answers import platform_error
from zampay.simulators.mtn.network import here

blueprint = Blueprint(
    "account", __name__, url_prefix="/<any(collection, disbursement, remittance):product>/v1_0"
)


@blueprint.before_request
def authenticate() -> None:
    """Every call needs the product's key, a token for it and the environment."""
    g.user = strictness.product_call((request.view_args or {})["product"])


@blueprint.get("/accountholder/<kind>/<party_id>/active")
def active(product: str, kind: str, party_id: str) -> Response:  # noqa: ARG001 - in the path
    """{"result": true} when the account can pay. MTN asks for the kind in lower case; clients write
    capitals, and what MTN answers to those is not known.
    """
    if kind.lower() not in ("msisdn", "email"):
        return empty(400)
    decided = endings.account_holder(party_id, here().settings.environment)
    if isinstance(decided, endings.Refusal):
        return platform_error(decided.status, decided.code)
    return as_json(200, {"result": decided != endings.NOT_ACTIVE})


@blueprint.get("/accountholder/<kind>/<party_id>/basicuserinfo")
def basicuserinfo(product: str, kind: str, party_id: str) -> Response:  # noqa: ARG001 - in the path
    """Who the account belongs to: an invented person, the same for every number."""
    if kind.lower() not in ("msisdn", "email", "alias", "id"):
        return empty(400)
    decided = endings.account_holder(party_id, here().settings.environment)
    if isinstance(decided, endings.Refusal):
        return platform_error(decided.status, decided.code)
    person = {"given_name": "Test", "family_name": "Payer", "name": "Test Payer", "sub": "0"}
    more = {"birthdate": "1990-01-01", "locale": "en_ZM", "gender": "", "status": "ACTIVE"}
    return as_json(200, {**person, **more, "updated_at": 0})


@blueprint.get("/account/balance")
@blueprint.get("/account/balance/<currency>")
def balance(product: str, currency: str | None = None) -> Response:
    """What the wallet of this product holds: the opening balance and all that moved since."""
    ours = here().settings.currency
    if currency not in (None, ours):
        return platform_error(500, "INVALID_CURRENCY")
    held = plain(here().wallet.balance(product))
    return as_json(200, {"availableBalance": held, "currency": ours})
