"""Tokens: basic credentials in, a bearer token for one product out (MTN: CreateAccessToken)."""

from flask import Blueprint, Response, request

from zampay.simulators.core.answers import as_json
from zampay.simulators.mtn import strictness
from zampay.simulators.mtn.answers import gateway_error
from zampay.simulators.mtn.network import here
from zampay.simulators.mtn.settings import LENIENT

NOTHING = (b"{}",)
"""What clients send that put a body into every POST."""
blueprint = Blueprint(
    "tokens", __name__, url_prefix="/<any(collection, disbursement, remittance):product>"
)


@blueprint.post("/token/")
def token(product: str) -> Response:
    """A token for this product; in the sandbox also for a user that may not use it."""
    strictness.subscription((product,))
    strictness.no_body(but_for=NOTHING if here().settings.token_body == LENIENT else ())
    basic = request.authorization
    if basic is None or basic.type != "basic":
        return as_json(401, {"error": "unauthorized"})
    credentials = here().credentials
    user = credentials.log_in(basic.username or "", basic.password or "")
    if user is None:
        return as_json(500, {"error": "login_failed"})
    name = credentials.tokens.create((product, user))
    life_s = int(here().settings.token_life_s)
    return as_json(200, {"access_token": name, "token_type": "access_token", "expires_in": life_s})


@blueprint.post("/token")
def without_slash(product: str) -> Response:  # noqa: ARG001 - in every path of this blueprint
    """The trailing slash matters: without it the gateway knows no such operation."""
    return gateway_error(404, "Resource not found")
