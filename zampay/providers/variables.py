"""What the variables of any network are checked for; no value is ever in a message."""

import re
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final

from environs import ValidationError, validate

POSITIVE: Final = validate.Range(min=0, min_inclusive=False)
_URL = re.compile(r"^https?://[^\s?#@]+$")


def url(name: str) -> validate.Regexp:
    """An address of a network or of ours."""
    return validate.Regexp(_URL, error=f"{name} must be a URL without query, fragment or login")


def require_https(env: Any, addresses: Mapping[str, str | None]) -> None:
    """Refuse each variable whose address is in clear."""
    for name, address in addresses.items():
        if address and not address.startswith("https://"):
            env.problem(name, "must be https://")


def valid(objection: Callable[[str], str | None]) -> Callable[[str], None]:
    """A check that says what the objection says."""

    def validated(text: str) -> None:
        wrong = objection(text)
        if wrong is not None:
            raise ValidationError(wrong)

    return validated


def authorities(path: str) -> None:
    """A file of certificates in PEM."""
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:
        reason = error.strerror or "not a file of certificates in PEM"
        raise ValidationError(f"cannot be used: {reason}") from error
