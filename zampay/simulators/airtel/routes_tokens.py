"""Tokens: the application's id and secret in, a bearer token for 180 seconds out."""

from flask import Blueprint, Response

from zampay.simulators.airtel.answers import login_error
from zampay.simulators.airtel.network import here
from zampay.simulators.core.answers import as_json
from zampay.simulators.core.body import json_object

blueprint = Blueprint("tokens", __name__)


@blueprint.post("/auth/oauth2/token")
def token() -> Response:
    """JSON, not a form."""
    given = json_object()
    if given.get("grant_type") != "client_credentials":
        return login_error(400, "unsupported_grant_type", "The grant type is not supported")
    login = (str(given.get("client_id")), str(given.get("client_secret")))
    credentials, settings = here().credentials, here().settings
    if not credentials.are(*login):
        return login_error(401, "invalid_client", "Invalid client authentication")
    life_s = int(settings.token_life_s)
    return as_json(
        200,
        {
            "token_type": "bearer",
            "access_token": credentials.tokens.create(login[0]),
            "expires_in": str(life_s) if settings.expires_in == "text" else life_s,
        },
    )
