"""A simulator as an HTTP server: one daemon thread per connection, so that it ends at once."""

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from zampay.simulators.core import tls
from zampay.simulators.core.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class QuietHandler(WSGIRequestHandler):
    """Logs no requests: they are in the journal."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""

    def connection_dropped(
        self,
        error: BaseException,  # noqa: ARG002 - werkzeug gives it
        environ: "WSGIEnvironment | None" = None,  # noqa: ARG002 - as above
    ) -> None:
        """Read no further from a connection that was reset."""
        self.close_connection = True


def serve(app: Flask, settings: Settings) -> BaseWSGIServer:
    """A server that listens already; `serve_forever` makes it answer."""
    directory = settings.tls_directory
    return make_server(
        settings.host,
        settings.port,
        app,
        threaded=True,
        request_handler=QuietHandler,
        ssl_context=tls.context(Path(directory), settings.host) if directory else None,
    )
