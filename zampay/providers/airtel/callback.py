"""Airtel's callback: which payment it names, and whether its hash proves that it is Airtel's.

The portal says: HmacSHA256 with the private key of the application's settings, in base64. What is
hashed it does not say; two readings are in use, and both are tried.
"""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any, Final

from zampay.providers.json_text import parsed, word

_MEMBER: Final = re.compile(r'"transaction"\s*:\s*')


@dataclass(frozen=True, slots=True)
class Named:
    """What a callback names; `variant` is the reading of the portal under which its hash fits."""

    reference: str | None = None
    variant: str | None = None


def read(body: bytes, key: str) -> Named:
    """Which of our ids the body names. Without a key nothing is proven."""
    text = body.decode("utf-8", "surrogateescape")
    raw, transaction = _member(text)
    given = word(parsed(text).get("hash"))
    variant = _variant(raw, given, key) if key and given else None
    return Named(word(transaction.get("id")), variant)


def _member(text: str) -> tuple[str, dict[str, Any]]:
    """The exact text of the first member `transaction`, and what it says: what is proven is then
    what is read.
    """
    found = _MEMBER.search(text)
    if found is None:
        return "", {}
    try:
        transaction, end = json.JSONDecoder().raw_decode(text, found.end())
    except (ValueError, RecursionError):
        return "", {}
    if not isinstance(transaction, dict):
        return "", {}
    return text[found.end() : end], transaction


def _variant(raw: str, given: str, key: str) -> str | None:
    """The reading whose hash is the given one; each is compared in a time that tells nothing."""
    readings = {"member": raw, "body": f'{{"transaction":{raw}}}'}
    fits = [
        name
        for name, text in readings.items()
        if hmac.compare_digest(hashed(text, key).encode(), given.encode("utf-8", "replace"))
    ]
    return fits[0] if fits else None


def hashed(text: str, key: str) -> str:
    """HMAC with SHA-256, in base64."""
    made = hmac.new(key.encode(), text.encode("utf-8", "surrogateescape"), hashlib.sha256)
    return base64.b64encode(made.digest()).decode()
