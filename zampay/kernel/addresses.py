"""The one place that reads an IP address out of text, for whoever asks: limits, allow-lists, logs.

Proxies write a port behind an address (Azure's gateway does), brackets around it, blanks; an IPv4
address comes wrapped in IPv6 where one network is translated into the other. What is wrapped so
that both name the same host counts as the IPv4 address: mapped (RFC 4291, 2.5.5.2) and the
well-known prefix of NAT64 (RFC 6052, 2.1). 6to4 and Teredo name a network behind an IPv4 address,
not that address.
"""

import ipaddress
import re

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_BRACKETED = re.compile(r"\[(?P<address>[^\[\]]*)\](:[0-9]{1,5})?")
_V4_WITH_PORT = re.compile(r"(?P<address>[0-9.]+):[0-9]{1,5}")
_LONGEST = 100


def read(text: str | None) -> Address | None:
    """The address that a text spells, without port, brackets, zone and blanks; None if it is none.

    An IPv4 address that is wrapped in IPv6 comes out as IPv4.
    """
    bare = (text or "").strip(" \t")
    if len(bare) > _LONGEST:
        return None
    spelled = _BRACKETED.fullmatch(bare) or _V4_WITH_PORT.fullmatch(bare)
    if spelled:
        bare = spelled["address"]
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return None
    return unwrapped(ipaddress.IPv6Address(int(found)) if "%" in bare else found)


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside, where the IPv6 address names the same host; else the same."""
    if isinstance(address, ipaddress.IPv6Address) and (address in _NAT64 or address in _MAPPED):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def read_network(text: str) -> Network:
    """A network or a single address of an allow-list, unwrapped as addresses are.

    Raises:
        ValueError: it is neither, or its address goes beyond its prefix.
    """
    found = ipaddress.ip_network(text.strip())
    for wrapping in (_NAT64, _MAPPED):
        if isinstance(found, ipaddress.IPv6Network) and found.subnet_of(wrapping):
            inside = int(found.network_address) & 0xFFFF_FFFF
            return ipaddress.IPv4Network((inside, found.prefixlen - wrapping.prefixlen))
    return found


def customer(address: Address) -> str:
    """What one customer of a provider gets, under one name: an IPv4 address, or an IPv6 /64
    (RFC 6177). Behind 6to4 and Teredo it is the IPv4 address that all of the network hangs on.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.sixtofour is not None:
        return str(address.sixtofour)
    if address.teredo is not None:
        return str(address.teredo[1])
    return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
