"""Who asks, and by which scheme, as the trusted proxies tell it (X-Forwarded-For, -Proto).

Each proxy adds the address it saw at the end of X-Forwarded-For, so with n trusted ones the
client is the n-th from the end; what stands before was written by somebody else. The web process
drops header names with underscores before this reads any: under CGI's naming `X_Forwarded_For`
would be the same variable.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from zampay.kernel import addresses

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SCHEMES = frozenset({"http", "https"})


class Forwarded:
    """A WSGI application that knows its client. The address is always a bare one, IPv4 where IPv4
    is meant, or missing where nobody told one that can be read.
    """

    def __init__(self, app: "WSGIApplication", *, trusted_proxies: int) -> None:
        self._app = app
        self._trusted = trusted_proxies

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer, with REMOTE_ADDR and the scheme put right."""
        told = environ.get("REMOTE_ADDR")
        if self._trusted:
            named = _items(environ.get("HTTP_X_FORWARDED_FOR"))
            if len(named) >= self._trusted:
                told = named[-self._trusted]
            # A proxy sets the scheme or adds to it. Fewer than n: the trusted ones wrote them all.
            schemes = _items(environ.get("HTTP_X_FORWARDED_PROTO"))[-self._trusted :]
            if schemes and schemes[0].lower() in SCHEMES:
                environ["wsgi.url_scheme"] = schemes[0].lower()
        address = addresses.read(told)
        environ.pop("REMOTE_ADDR", None)
        if address is not None:
            environ["REMOTE_ADDR"] = str(address)
        return self._app(environ, start_response)


def _items(header: str | None) -> list[str]:
    return [item.strip() for item in header.split(",")] if header else []
