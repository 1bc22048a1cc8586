"""Secrets that we must be able to read again, sealed at rest (Fernet: AES-CBC with HMAC).

The keys come from SECRET_KEY; SECRET_KEY_PREVIOUS still opens what was sealed before a rotation.
"""

import base64
import contextlib
import hashlib
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import Flask, current_app


class CannotOpen(Exception):
    """No key of ours fits: SECRET_KEY was changed without SECRET_KEY_PREVIOUS, or lost."""


class Seal(Enum):
    """Which key opens what is sealed: the one that seals today, an earlier one, none of ours."""

    CURRENT = auto()
    EARLIER = auto()
    LOST = auto()


class _Keys(NamedTuple):
    """The key that seals, and all that open."""

    current: Fernet
    known: MultiFernet


def init(app: Flask, *, secret_keys: list[str]) -> None:
    """Seal with the first key, open with any. Each is text of at least 32 characters."""
    keys = [Fernet(_key(text)) for text in secret_keys]
    app.extensions["sealed"] = _Keys(keys[0], MultiFernet(keys))


def seal(secret: str) -> str:
    """The secret as it may be stored."""
    return _keys().current.encrypt(secret.encode()).decode()


def unseal(stored: str) -> str:
    """What was sealed.

    Raises:
        CannotOpen.
    """
    with _opening():
        return _keys().known.decrypt(stored.encode()).decode()


def examine(stored: str) -> Seal:
    """Which key opens it."""
    keys = _keys()
    for key, opened in ((keys.current, Seal.CURRENT), (keys.known, Seal.EARLIER)):
        with contextlib.suppress(InvalidToken):
            key.decrypt(stored.encode())
            return opened
    return Seal.LOST


def reseal(stored: str) -> str:
    """The same secret under the key that seals today, with the time of its first sealing.

    Raises:
        CannotOpen.
    """
    with _opening():
        return _keys().known.rotate(stored.encode()).decode()


@contextlib.contextmanager
def _opening() -> Iterator[None]:
    """Say in our own word that no key fits."""
    try:
        yield
    except InvalidToken as error:
        raise CannotOpen from error


def _keys() -> _Keys:
    keys: _Keys = current_app.extensions["sealed"]
    return keys


def _key(text: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"zampay sealed v1:" + text.encode()).digest())
