"""Which URLs and headers a merchant may give: https, public, ordinary ports, no login in the URL.

This refuses early what the text shows; the addresses of a name are checked when the connection is
made (`zampay.infra.http.public_addresses`).
"""

import re
from urllib.parse import SplitResult, urlsplit

from zampay.infra.http.public_addresses import is_allowed, literal

MAX_LENGTH = 1024
PORTS = frozenset({None, 443, 8443})
OURS = re.compile(
    r"webhook-.*|content-.*|host|connection|transfer-encoding|te|upgrade|expect|trailer"
    r"|keep-alive|proxy-.*|user-agent|accept.*|cookie",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[A-Za-z0-9-]{1,64}")
_VALUE = re.compile(r"(?! )[\x20-\x7e]{0,512}(?<! )")
_INSIDE = re.compile(r"(^|\.)(localhost|local|internal|home\.arpa|lan|intranet)\.?$")
_PLAIN = re.compile(r"[\x21-\x7e]+")
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"({_LABEL}\.)+[a-z][a-z0-9-]*[a-z0-9]\.?", re.IGNORECASE)


def objection_to_url(url: str, *, development: bool) -> str | None:
    """Why this URL cannot be a webhook's, or None. Development accepts http and loopback."""
    if len(url) > MAX_LENGTH:
        return f"must be at most {MAX_LENGTH} characters"
    if not _PLAIN.fullmatch(url) or "\\" in url:
        return "must be a URL in ASCII"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "must be a URL"
    if "[" in parts.netloc and ":" not in host:
        return "must be a URL"
    return _objection_to_form(parts, port, development=development) or _objection_to_host(
        host, development=development
    )


def host_of(url: str) -> str:
    """The host of a URL that may be a webhook's, however it is spelled: in any case, with a final
    dot, an address as a number.
    """
    host = urlsplit(url).hostname or ""
    return str(literal(host) or host.removesuffix("."))


def _objection_to_form(parts: SplitResult, port: int | None, *, development: bool) -> str | None:
    if parts.scheme != "https" and not (development and parts.scheme == "http"):
        return "must be an https:// URL"
    if "@" in parts.netloc:
        return "must not contain a login"
    if parts.fragment:
        return "must not contain a fragment"
    if port not in PORTS and not development:
        return "must use port 443 or 8443"
    return None


def _objection_to_host(host: str, *, development: bool) -> str | None:
    address = literal(host)
    if address is not None:
        allowed = is_allowed(address, loopback=development)
    elif development and host == "localhost":
        allowed = True
    else:
        allowed = _NAME.fullmatch(host) is not None and not _INSIDE.search(host.lower())
    return None if allowed else "must be a public host"


def objection_to_header(name: str, value: str) -> str | None:
    """Why this header cannot be sent along, or None."""
    if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
        return f"{name[:64]!r} is not a header name with a printable value"
    if OURS.fullmatch(name):
        return f"{name} is set by ZamPay"
    return None
