"""HTTP to addresses that strangers name: only public ones, checked where the connection is made.

The name is resolved once, every address it has is judged, and the connection goes to one that
passed, so that a name which changes its mind in between (DNS rebinding) gains nothing.
"""

import ipaddress
import socket

from urllib3.exceptions import NewConnectionError

from zampay.infra.http.deadline import DeadlineAdapter, WatchedConnection
from zampay.infra.http.resolver import Resolver
from zampay.kernel import addresses
from zampay.kernel.addresses import Address

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
"""Within 2000::/3; 6to4 and Teredo are here, local NAT64 (64:ff9b:1::/48, RFC 8215) lies outside of
it, and what embeds IPv4 so that both name one host is judged as IPv4. Source of both lists: IANA's
registries of special-purpose addresses.
"""


class NotPublicAddress(NewConnectionError):
    """The name leads to an address that webhooks may not go to."""


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could be there; `::ffff:a.b.c.d` and `64:ff9b::a.b.c.d`
    (NAT64, how a network without IPv4 reaches the rest) are judged as the IPv4 address inside.
    """
    address = addresses.unwrapped(address)
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    return address in _UNICAST_V6 and not any(address in network for network in _NOT_PUBLIC_V6)


def is_allowed(address: Address, *, loopback: bool) -> bool:
    """Public, or loopback where that is allowed (in development)."""
    return is_public(address) or (loopback and address.is_loopback)


def literal(host: str) -> Address | None:
    """The address that a host name spells, in any spelling the C library knows (`0x7f.1`)."""
    bare = host.strip("[]").partition("%")[0].removesuffix(".")
    found = addresses.read(bare)
    if found is not None:
        return found
    try:
        return ipaddress.IPv4Address(socket.inet_aton(bare))
    except (OSError, UnicodeError):
        return None


class PublicOnlyAdapter(DeadlineAdapter):
    """A transport adapter for requests whose connections go to allowed addresses only."""

    def __init__(self, *, loopback: bool) -> None:
        super().__init__(kind=type("Guarded", (_Guarded,), {"loopback": loopback}))


class _Guarded(WatchedConnection):
    """Resolve, judge, connect to what was judged. Merchants' names have look-ups of their own: what
    hangs there takes none from the networks.
    """

    loopback = False
    resolver = Resolver()

    def _addresses(self, timeout_s: float) -> list[str]:
        texts = super()._addresses(timeout_s)
        judged = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
        if not all(is_allowed(address, loopback=self.loopback) for address in judged):
            raise NotPublicAddress(self, "not a public address")
        return texts[:MOST_ADDRESSES]
