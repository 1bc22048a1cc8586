"""The shapes in which MTN answers when it does not answer with a resource.

The wallet platform says {"code", "message"}, the Azure gateway in front of it {"statusCode",
"message"}, and many a 400 has no body at all (MTN Collection API, laravel-mtn-momo #66 and #77).
"""

import os
import socket
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Response, jsonify

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MESSAGES = {
    "COULD_NOT_PERFORM_TRANSACTION": "The transaction could not be performed in time.",
    "EXPIRED": "The request was not approved in time.",
    "INTERNAL_PROCESSING_ERROR": "An internal error occurred while processing.",
    "INVALID_CALLBACK_URL_HOST": "Callback URL does not match the configured value.",
    "INVALID_CURRENCY": "Currency not supported.",
    "NOT_ALLOWED": "Authorization failed. Insufficient permissions.",
    "NOT_ALLOWED_TARGET_ENVIRONMENT": "Access to target environment is forbidden.",
    "NOT_ENOUGH_FUNDS": "The payer does not have enough funds.",
    "PAYER_LIMIT_REACHED": "The payer's limit has been breached.",
    "PAYER_NOT_FOUND": "Payer does not exist.",
    "RESOURCE_ALREADY_EXIST": "Duplicated reference id. Creation of resource failed.",
    "RESOURCE_NOT_FOUND": "Requested resource was not found.",
    "SERVICE_UNAVAILABLE": "Service temporarily unavailable, try again later.",
}
HTML = "<html><head><title>Error</title></head><body>The request could not be served.</body></html>"


class Refused(Exception):
    """A request that goes no further; `response` is what its sender gets."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Reset(Response):
    """No answer at all: the client's connection is reset."""

    def __call__(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",  # noqa: ARG002 - WSGI gives it
    ) -> Iterable[bytes]:
        """Close the socket so that the kernel sends RST instead of an orderly end."""
        connection: socket.socket = environ["werkzeug.socket"]
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The server's readers still hold the socket object: only its descriptor can be closed.
        os.close(connection.detach())
        self.close()
        raise ConnectionResetError


def empty(status: int) -> Response:
    """An answer without a body."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def platform_error(status: int, code: str) -> Response:
    """The wallet platform's {"code", "message"}."""
    return as_json(status, {"code": code, "message": MESSAGES.get(code, code)})


def gateway_error(status: int, message: str) -> Response:
    """The Azure gateway's {"statusCode", "message"}."""
    return as_json(status, {"statusCode": status, "message": message})


def page(status: int, text: str = HTML) -> Response:
    """An HTML page, as proxies and firewalls send them."""
    return Response(text, status=status, mimetype="text/html")


def as_json(status: int, body: object) -> Response:
    """Any body as JSON."""
    response = jsonify(body)
    response.status_code = status
    return response
