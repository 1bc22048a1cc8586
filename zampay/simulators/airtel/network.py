"""Airtel as a network: its operations, its credentials, and what its errors look like."""

from typing import Any

from flask import Response, request
from werkzeug.exceptions import HTTPException

from zampay.simulators.airtel.answers import kong_error, login_error, refused
from zampay.simulators.airtel.credentials import Credentials
from zampay.simulators.airtel.payment import AirtelPayment
from zampay.simulators.airtel.settings import Settings
from zampay.simulators.core import network
from zampay.simulators.core.body import Malformed
from zampay.simulators.core.faults import Operations
from zampay.simulators.core.wallet import Payment

UNAUTHORIZED, FORBIDDEN, TOO_MANY, SERVER_ERROR = 401, 403, 429, 500


class Network(network.Network):
    """One application at Airtel."""

    operations = Operations(
        submit="push", poll="poll", others=("token", "balance", "user", "encryption_keys")
    )
    default_reason = "ESB000011"
    settings: Settings

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.credentials = Credentials(settings)

    def facts(self) -> dict[str, str]:
        """The id from the path or the body, the number with its country's code, the reference."""
        paths = request.view_args or {}
        content = request.get_json(silent=True)
        given = content if isinstance(content, dict) else {}
        msisdn = str(paths.get("msisdn") or _inner(given, "subscriber").get("msisdn", ""))
        return {
            "referenceId": str(
                paths.get("reference_id") or _inner(given, "transaction").get("id", "")
            ),
            "msisdn": f"260{msisdn}" if msisdn else "",
            "externalId": str(given.get("reference", "")),
        }

    def error(self, status: int) -> Response:
        """A dead token's, Kong's where nothing is served, and else the usual envelope."""
        if status == UNAUTHORIZED:
            return login_error(status, "invalid_request", "The access token is missing")
        if status == FORBIDDEN:
            return kong_error(status, "IP address not allowed: 192.0.2.1")
        if status == TOO_MANY:
            return kong_error(status, "API rate limit exceeded")
        return refused("DP00800001005", http=status, message="Something Went Wrong")

    def not_found(self) -> Response:
        """No such id."""
        return refused("DP00800001025", http=self.settings.not_found_status, result="ESB000045")

    def unserved(self, error: HTTPException) -> Response:
        """A wrong field is named; what is not served is Kong's 404."""
        if isinstance(error, Malformed):
            return refused("ROUTER003", message=f"Missing or invalid parameter: {error.field}")
        if error.code in (404, 405):
            return kong_error(404, "no Route matched with those values")
        return self.error(error.code or SERVER_ERROR)

    def callback_body(self, payment: Payment) -> str:
        """Text, because the hash is one of exact bytes."""
        assert isinstance(payment, AirtelPayment)
        return payment.called_back(self.settings.callback_hash, self.settings.private_key)

    def expire_tokens(self) -> int:
        """End all tokens."""
        return self.credentials.tokens.revoke()


def _inner(given: dict[str, Any], name: str) -> dict[str, Any]:
    found = given.get(name)
    return found if isinstance(found, dict) else {}


def here() -> Network:
    """The network of the current request."""
    found = network.here()
    assert isinstance(found, Network)
    return found
