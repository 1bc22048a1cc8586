"""Secrets that we must be able to read again, sealed at rest (Fernet: AES-CBC with HMAC).

The keys come from SECRET_KEY; SECRET_KEY_PREVIOUS still opens what was sealed before a rotation.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from flask import Flask, current_app


def init(app: Flask, *, secret_keys: list[str]) -> None:
    """Seal with the first key, open with any. Each is text of at least 32 characters."""
    app.extensions["sealed"] = MultiFernet([Fernet(_key(text)) for text in secret_keys])


def seal(secret: str) -> str:
    """The secret as it may be stored."""
    sealed: bytes = current_app.extensions["sealed"].encrypt(secret.encode())
    return sealed.decode()


def unseal(stored: str) -> str:
    """What was sealed; raises cryptography.fernet.InvalidToken when no key fits."""
    secret: bytes = current_app.extensions["sealed"].decrypt(stored.encode())
    return secret.decode()


def _key(text: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"zampay sealed v1:" + text.encode()).digest())
