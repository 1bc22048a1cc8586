"""Zamtel as a network: its operations, and what its errors look like."""

from flask import Response, request
from werkzeug.exceptions import HTTPException

from zampay.simulators.core import network
from zampay.simulators.core.answers import as_json, page
from zampay.simulators.core.faults import Operations
from zampay.simulators.zamtel.settings import Settings

ID = "ConversationId"


class Network(network.Network):
    """One short code at Zamtel."""

    operations = Operations(submit="payment", poll="enquiry", others=())
    default_reason = "E8003"
    settings: Settings

    def facts(self) -> dict[str, str]:
        """All from the address: a poll has the id in its path, a payment in its query."""
        paths, given = request.view_args or {}, request.args
        conversation_id = str(paths.get("conversation_id") or given.get(ID, ""))
        return {
            "referenceId": conversation_id,
            "externalId": given.get("Reference", conversation_id),
            "msisdn": given.get("Msisdn", ""),
        }

    def error(self, status: int) -> Response:
        """A page: no error of Zamtel's outside its codes is known."""
        return page(status)

    def not_found(self) -> Response:
        """A poll about an id that was never stored."""
        return as_json(200, {"code": "404", "ORDERSTATE": "Not found"})

    def unserved(self, error: HTTPException) -> Response:
        """A page, as a web server sends it."""
        return page(error.code or 500)


def here() -> Network:
    """The network of the current request."""
    found = network.here()
    assert isinstance(found, Network)
    return found
