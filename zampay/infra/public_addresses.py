"""HTTP to addresses that strangers name: only public ones, checked where the connection is made.

The name is resolved once, every address it has is judged, and the connection goes to one that
passed, so that a name which changes its mind in between (DNS rebinding) gains nothing.
"""

import ipaddress
import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could be there; addresses that embed another count as it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.sixtofour is not None or address.teredo is not None or address in _TRANSLATED:
            return False
    return address.is_global and not address.is_multicast


def is_allowed(address: Address, *, loopback: bool) -> bool:
    """Public, or loopback where that is allowed (a desk)."""
    return is_public(address) or (loopback and address.is_loopback)


def literal(host: str) -> Address | None:
    """The address that a host name spells, in any spelling the C library knows (`0x7f.1`)."""
    bare = host.strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(bare))
    except (OSError, UnicodeError):
        return None


class PublicOnlyAdapter(HTTPAdapter):
    """A transport adapter for requests whose connections go to allowed addresses only."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        super().__init__(pool_maxsize=16, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use our connection classes in the pools."""
        super().init_poolmanager(*args, **kwargs)
        allowed = {"loopback": self._loopback}
        plain = type("Plain", (_Guarded, HTTPConnection), allowed)
        secure = type("Secure", (_Guarded, HTTPSConnection), allowed)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


class _Guarded(HTTPConnection):
    """Resolve, judge, connect to what was judged."""

    loopback = False

    def _new_conn(self) -> socket.socket:
        try:
            return create_connection(
                (self._judged_address(), self.port or self.default_port),
                self.timeout,
                socket_options=self.socket_options,
            )
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting took too long") from error
        except OSError as error:
            raise NewConnectionError(self, type(error).__name__) from error

    def _judged_address(self) -> str:
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, socket.gaierror("unknown")) from error
        addresses = [str(info[4][0]) for info in found]
        judged = [ipaddress.ip_address(text.partition("%")[0]) for text in addresses]
        if not all(is_allowed(address, loopback=self.loopback) for address in judged):
            raise NewConnectionError(self, "not a public address")
        return addresses[0]
