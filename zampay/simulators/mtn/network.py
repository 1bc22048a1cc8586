"""MTN as a network: its operations, its credentials, and what its errors look like."""

from flask import Response, request
from werkzeug.exceptions import HTTPException

from zampay.simulators.core import network
from zampay.simulators.core.answers import empty
from zampay.simulators.core.faults import Operations
from zampay.simulators.mtn.answers import gateway_error, platform_error
from zampay.simulators.mtn.credentials import Credentials
from zampay.simulators.mtn.settings import Settings

TOO_MANY = 429


class Network(network.Network):
    """One MTN wallet in one environment."""

    operations = Operations(
        submit="requesttopay",
        poll="poll",
        others=(
            "token",
            "active",
            "basicuserinfo",
            "balance",
            "deliverynotification",
            "provisioning",
            "bc-authorize",
            "oauth2token",
            "userinfo",
        ),
        also_submit=("transfer", "deposit", "refund", "payment"),
    )
    default_reason = "INTERNAL_PROCESSING_ERROR"
    settings: Settings

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.credentials = Credentials(settings)

    def facts(self) -> dict[str, str]:
        """The reference from the path or the header, the rest from the body."""
        paths = request.view_args or {}
        reference_id = paths.get("reference_id") or request.headers.get("X-Reference-Id") or ""
        found = {"referenceId": reference_id.lower(), "msisdn": str(paths.get("party_id", ""))}
        content = request.get_json(silent=True)
        if isinstance(content, dict):
            external_id = content.get("externalId", content.get("externalTransactionId", ""))
            found["externalId"] = str(external_id)
            party = content.get("payer", content.get("payee"))
            found["msisdn"] = str(party.get("partyId", "")) if isinstance(party, dict) else ""
        return found

    def error(self, status: int) -> Response:
        """The platform's for 500 and 503, else the gateway's."""
        usual = {500: "INTERNAL_PROCESSING_ERROR", 503: "SERVICE_UNAVAILABLE"}
        if status in usual:
            return platform_error(status, usual[status])
        return gateway_error(status, "Rate limit is exceeded." if status == TOO_MANY else "Refused")

    def not_found(self) -> Response:
        """The platform knows no such reference."""
        return platform_error(404, "RESOURCE_NOT_FOUND")

    def unserved(self, error: HTTPException) -> Response:
        """The gateway's 404 for paths and methods; else a status that does not say why."""
        if error.code in (404, 405):
            return gateway_error(404, "Resource not found")
        return empty(error.code or 500)

    def expire_tokens(self) -> int:
        """End the tokens of all products."""
        return self.credentials.tokens.revoke() + self.credentials.consents.revoke()


def here() -> Network:
    """The network of the current request."""
    found = network.here()
    assert isinstance(found, Network)
    return found
