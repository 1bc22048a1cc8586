"""The simulator as an HTTP server: one daemon thread per connection, so that it ends at once."""

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from zampay.simulators import tls
from zampay.simulators.mtn.app import create_app
from zampay.simulators.mtn.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class QuietHandler(WSGIRequestHandler):
    """Says nothing about requests: the journal knows them."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep quiet."""

    def connection_dropped(
        self,
        error: BaseException,  # noqa: ARG002 - werkzeug gives it
        environ: "WSGIEnvironment | None" = None,  # noqa: ARG002 - as above
    ) -> None:
        """Read no further from a connection that we have reset."""
        self.close_connection = True


def serve(settings: Settings) -> BaseWSGIServer:
    """A server that listens already; `serve_forever` makes it answer."""
    return make_server(
        settings.host,
        settings.port,
        create_app(settings),
        threaded=True,
        request_handler=QuietHandler,
        ssl_context=_tls(settings),
    )


def _tls(settings: Settings) -> ssl.SSLContext | None:
    directory = settings.tls_directory
    return tls.context(Path(directory), settings.host) if directory else None
