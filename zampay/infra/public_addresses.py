"""HTTP to addresses that strangers name: only public ones, checked where the connection is made.

The name is resolved once, every address it has is judged, and the connection goes to one that
passed, so that a name which changes its mind in between (DNS rebinding) gains nothing.
"""

import ipaddress
import socket

from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from zampay.infra.cutoff import CutoffAdapter, WatchedConnection

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MOST_ADDRESSES = 2
_UNICAST_V6 = ipaddress.ip_network("2000::/3")
_NOT_PUBLIC_V4 = [
    ipaddress.IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        "168.63.129.16/32",  # a cloud's metadata service, although its address is a public one
    )
]
_NOT_PUBLIC_V6 = [
    ipaddress.IPv6Network(text)
    for text in (*("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),)
]
"""Within 2000::/3; the embeddings of IPv4 (6to4, Teredo) are here, mapped addresses and NAT64 lie
outside of it. Source of both lists: IANA's registries of special-purpose addresses.
"""


class NotPublicAddress(NewConnectionError):
    """The name leads to an address that webhooks may not go to."""


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could be there; an address that embeds another is not
    public, but for `::ffff:a.b.c.d`, which counts as what it embeds.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    return address in _UNICAST_V6 and not any(address in network for network in _NOT_PUBLIC_V6)


def is_allowed(address: Address, *, loopback: bool) -> bool:
    """Public, or loopback where that is allowed (a desk)."""
    return is_public(address) or (loopback and address.is_loopback)


def literal(host: str) -> Address | None:
    """The address that a host name spells, in any spelling the C library knows (`0x7f.1`)."""
    bare = host.strip("[]").partition("%")[0].removesuffix(".")
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(bare))
    except (OSError, UnicodeError):
        return None


class PublicOnlyAdapter(CutoffAdapter):
    """A transport adapter for requests whose connections go to allowed addresses only."""

    def __init__(self, *, loopback: bool) -> None:
        super().__init__(kind=type("Guarded", (_Guarded,), {"loopback": loopback}))


class _Guarded(WatchedConnection):
    """Resolve, judge, connect to what was judged."""

    loopback = False

    def _new_conn(self) -> socket.socket:
        problem: OSError | None = None
        for address in self._judged_addresses():
            try:
                return self._connected(address)
            except OSError as error:
                problem = error
        if isinstance(problem, TimeoutError):
            raise ConnectTimeoutError(self, "connecting took too long") from problem
        raise NewConnectionError(self, type(problem).__name__) from problem

    def _connected(self, address: str) -> socket.socket:
        return create_connection(
            (address, self.port or self.default_port),
            self.timeout,
            socket_options=self.socket_options,
        )

    def _judged_addresses(self) -> list[str]:
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, socket.gaierror("unknown")) from error
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        judged = [ipaddress.ip_address(text.partition("%")[0]) for text in addresses]
        if not all(is_allowed(address, loopback=self.loopback) for address in judged):
            raise NotPublicAddress(self, "not a public address")
        return addresses[:MOST_ADDRESSES]
