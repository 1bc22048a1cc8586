"""The URL of Redis, as all its clients must read it alike: redis-py, kombu (Celery's) and limits.

Of `rediss://` without a word about certificates redis-py takes "verify", kombu takes "accept any",
and would send the password to whoever answers. So the word is always written into the URL.
"""

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

CERTIFICATES = "ssl_cert_reqs"
FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_WORDS = {CERTIFICATES: {"required", "optional", "none"}, "ssl_check_hostname": {"true", "false"}}
_SCHEMES = re.compile(r"^rediss?://")
_PATH = re.compile(r"/?[0-9]{0,4}")


def verified(url: str) -> str:
    """The URL with its word about certificates; `rediss://` verifies unless it says otherwise."""
    parts = urlsplit(url)
    if parts.scheme != "rediss" or CERTIFICATES in dict(parse_qsl(parts.query)):
        return url
    query = urlencode([*parse_qsl(parts.query), (CERTIFICATES, "required")], safe="/")
    return parts._replace(query=query).geturl()


def objection(url: str) -> str | None:
    """What is wrong with it, without any of it; None if its clients can use it."""
    if not _SCHEMES.match(url):
        return "must be redis:// or rediss://"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "must be such as rediss://:password@host:6379/0"
    if not parts.hostname or not _PATH.fullmatch(parts.path) or parts.fragment:
        return (
            "must be such as rediss://:password@host:6379/0; in a password, write / ? # @ and % as "
            "%2F %3F %23 %40 and %25"
        )
    return _objection_to_parameters(parts.query, is_tls=parts.scheme == "rediss")


def _objection_to_parameters(query: str, *, is_tls: bool) -> str | None:
    given = parse_qsl(query, keep_blank_values=True)
    if given and not is_tls:
        return "takes parameters (after ?) with rediss:// only"
    if len(dict(given)) < len(given):
        return "names a parameter twice"
    for name, value in given:
        if name not in _WORDS and name not in FILES:
            known = ", ".join([*_WORDS, *FILES])
            return f"takes no other parameter than {known}: its clients read others differently"
        if name in _WORDS and value not in _WORDS[name]:
            words = ", ".join(sorted(_WORDS[name]))
            return f"{name} must be one of {words} (not Celery's CERT_NONE)"
        if name in FILES and not Path(value).is_file():
            return f"{name} names no file"
    return None
