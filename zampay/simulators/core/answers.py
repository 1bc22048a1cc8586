"""Answers that any network can give: a body or none, a page of HTML, a reset connection."""

import os
import socket
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Response, jsonify

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HTML = "<html><head><title>Error</title></head><body>The request could not be served.</body></html>"


class Refused(Exception):
    """A request that goes no further; the client gets `response`."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Reset(Response):
    """No answer: the client's connection is reset."""

    def __call__(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",  # noqa: ARG002 - WSGI gives it
    ) -> Iterable[bytes]:
        """Close the socket so that the kernel sends RST and not FIN."""
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


def page(status: int, text: str = HTML) -> Response:
    """An HTML page, as proxies and firewalls send them."""
    return Response(text, status=status, mimetype="text/html")


def as_json(status: int, body: object) -> Response:
    """Any body as JSON."""
    response = jsonify(body)
    response.status_code = status
    return response
