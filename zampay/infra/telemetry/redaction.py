"""The safety net under logs and error reports: what looks like a secret or a full phone number is
made unrecognisable, wherever it came from.

Nothing relies on it: secrets, numbers and bodies are not handed to logs in the first place.
"""

import re
from collections.abc import Mapping
from typing import Any

from zampay.kernel import msisdn
from zampay.kernel.sandbox_numbers import PUBLISHED_PREFIX

HIDDEN = "•••"
MAX_DEPTH = 8
_SECRET_NAME = re.compile(
    r"authorization|cookie|credential|passw|secret|api_?-?key$|subscription_?-?key|token|dsn|^body$|^raw",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"(?:\+|00)?(?P<full>260[ .-]?\d{2}[ .-]?\d{3}[ .-]?\d{4})"
    r"|(?<!\.)(?P<national>0[579]\d[ .-]?\d{3}[ .-]?\d{4})"
    rf"|\+?(?P<published>{PUBLISHED_PREFIX}\d{{2}})"
    r")(?![0-9A-Za-z])"
)
_SUSPICIOUS = re.compile(
    r"\d[\d .-]{7,}\d|zp_|whsec_|earer|asic |eyJ|@|callbacks/|passw|_key|-key|token|authoriz"
    r"|detail: ",
    re.IGNORECASE,
)
_SECRETS = (
    (re.compile(r"\b(zp_(?:test|live)_)[0-9a-z]{5,}"), rf"\1{HIDDEN}"),  # four are a hint
    (re.compile(r"\b(whsec_)[A-Za-z0-9+/=_-]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\b(Bearer|Basic)\s+[^\s\"',;]+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"), HIDDEN),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(/callbacks/[a-z]+/)[0-9a-z]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\b(DETAIL: +).+"), rf"\1{HIDDEN}"),  # PostgreSQL quotes the row in it
    (
        re.compile(
            r"(['\"]?(?:authorization|password|secret_key|api_key|subscription-key|access_token)"
            r"['\"]?\s*[:=]\s*['\"]?)[^\s'\",;&}]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)


def redact(value: Any, *, name: str = "", depth: int = MAX_DEPTH) -> Any:
    """The value without secrets and full numbers; a mapping's members are judged by name, too."""
    named_secret = _SECRET_NAME.search(name) and value not in (None, True, False, "")
    if depth == 0 or named_secret:
        return HIDDEN
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {
            redact_text(str(key)): redact(inner, name=str(key), depth=depth - 1)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(inner, depth=depth - 1) for inner in value]
    text = "" if value is None else str(value)
    clean = redact_text(text)
    return value if clean == text else clean


def redact_text(text: str) -> str:
    """The text with secrets hidden and numbers masked as `26096•••4567`."""
    if not _SUSPICIOUS.search(text):
        return text  # nearly always, and ten times quicker
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return _NUMBER.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    written = found["full"] or found["national"] or found["published"]
    digits = re.sub(r"\D", "", written)
    return msisdn.masked(f"260{digits[1:]}" if found["national"] else digits)
