"""Secrets that we must be able to read again, encrypted at rest (Fernet: AES-CBC with HMAC).

The keys come from SECRET_KEY; SECRET_KEY_PREVIOUS still decrypts what it encrypted.
"""

import base64
import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import Flask, current_app


class CannotDecrypt(Exception):
    """No key of ours fits: SECRET_KEY was changed without SECRET_KEY_PREVIOUS, or lost."""


class Key(Enum):
    """Which key decrypts a value: the one that encrypts today, an earlier one, none of ours."""

    CURRENT = auto()
    EARLIER = auto()
    NONE = auto()


@dataclass(slots=True)
class Tally:
    """How many values the current key decrypts, how many only an earlier one, and whose values no
    key decrypts, as (id, tenant id).
    """

    current: int = 0
    earlier: int = 0
    lost: list[tuple[str, str]] = field(default_factory=list)

    def count(self, stored: str, *, of: tuple[str, str]) -> Key:
        """Count one value; which key decrypts it."""
        key = key_of(stored)
        self.current += key is Key.CURRENT
        self.earlier += key is Key.EARLIER
        if key is Key.NONE:
            self.lost.append(of)
        return key

    def rotated(self, stored: str, *, of: tuple[str, str]) -> str:
        """Count one value; the value under the current key, if a key decrypts it."""
        return rotate(stored) if self.count(stored, of=of) is Key.EARLIER else stored


class _Keys(NamedTuple):
    """The key that encrypts, and all that decrypt."""

    current: Fernet
    known: MultiFernet


def init(app: Flask, *, secret_keys: list[str]) -> None:
    """Encrypt with the first key, decrypt with any. Each is text of at least 32 characters."""
    keys = [Fernet(_key(text)) for text in secret_keys]
    app.extensions["encryption"] = _Keys(keys[0], MultiFernet(keys))


def encrypt(secret: str) -> str:
    """The secret as it may be stored."""
    return _keys().current.encrypt(secret.encode()).decode()


def decrypt(stored: str) -> str:
    """What was encrypted.

    Raises:
        CannotDecrypt.
    """
    with _decrypting():
        return _keys().known.decrypt(stored.encode()).decode()


def key_of(stored: str) -> Key:
    """Which key decrypts it."""
    keys = _keys()
    for key, found in ((keys.current, Key.CURRENT), (keys.known, Key.EARLIER)):
        with contextlib.suppress(InvalidToken):
            key.decrypt(stored.encode())
            return found
    return Key.NONE


def rotate(stored: str) -> str:
    """The same secret under the current key, with the time of its first encryption.

    Raises:
        CannotDecrypt.
    """
    with _decrypting():
        return _keys().known.rotate(stored.encode()).decode()


@contextlib.contextmanager
def _decrypting() -> Iterator[None]:
    """Raise our own error where no key fits."""
    try:
        yield
    except InvalidToken as error:
        raise CannotDecrypt from error


def _keys() -> _Keys:
    keys: _Keys = current_app.extensions["encryption"]
    return keys


def _key(text: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"zampay sealed v1:" + text.encode()).digest())
