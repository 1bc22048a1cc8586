"""Signed messages, for applications that have them switched on: `x-signature` and `x-key`.

Airtel (four transcriptions agree): the exact bytes of the body are encrypted with a fresh AES-256
key in CBC mode; that key and its initial vector, as `base64:base64`, are encrypted with Airtel's
RSA key by PKCS1 v1.5. Airtel encrypts the body it received with the same key and compares.
"""

import base64
import binascii
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import padding, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from zampay.infra.http.outbound import NoReply, NotConnected, Reply
from zampay.infra.http.shared_tokens import NoToken
from zampay.kernel import clock
from zampay.providers.airtel import bodies
from zampay.providers.json_text import word

ZAMBIA: Final = timezone(timedelta(hours=2))
LONGEST: Final = timedelta(hours=1)
AES_KEY, AES_BLOCK = 32, 16
DATE: Final = "%d-%m-%Y %H:%M:%S"


class Signer:
    """Signs bodies with Airtel's key of one application, which is asked for with `ask` and kept
    until it ends, at the longest for an hour.
    """

    def __init__(self, ask: Callable[[], Reply]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._key: RSAPublicKey | None = None
        self._until_s = 0.0

    def headers(self, body: bytes) -> dict[str, str]:
        """The headers that belong to a body.

        Raises:
            NoToken: there is no key; nothing of a payment was sent.
        """
        aes_key, initial = secrets.token_bytes(AES_KEY), secrets.token_bytes(AES_BLOCK)
        plain = b":".join(base64.b64encode(one) for one in (aes_key, initial))
        return {
            "x-signature": encrypted(body, aes_key, initial),
            "x-key": base64.b64encode(self._current().encrypt(plain, PKCS1v15())).decode(),
        }

    def _answered(self) -> Reply:
        try:
            return self._ask()
        except (NotConnected, NoReply) as error:
            raise NoToken(f"no key for signing: {error}") from error

    def renew(self) -> None:
        """Ask for the key.

        Raises:
            NoToken: there is none.
        """
        self.forget()
        self._current()

    def forget(self) -> None:
        """Ask for the key again: Airtel says that a signature does not fit."""
        with self._lock:
            self._key = None

    def _current(self) -> RSAPublicKey:
        with self._lock:
            if self._key is None or clock.monotonic_s() > self._until_s:
                self._key, lasts = _read(self._answered())
                self._until_s = clock.monotonic_s() + lasts.total_seconds()
            return self._key


def encrypted(body: bytes, aes_key: bytes, initial: bytes) -> str:
    """AES-256-CBC with PKCS5 padding, in base64."""
    padder = padding.PKCS7(AES_BLOCK * 8).padder()
    cipher = Cipher(algorithms.AES(aes_key), modes.CBC(initial)).encryptor()
    padded = padder.update(body) + padder.finalize()
    return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()


def _read(reply: Reply) -> tuple[RSAPublicKey, timedelta]:
    """Airtel's key and how long it may be used."""
    found = bodies.data(reply.text)
    try:
        der = base64.b64decode(word_of_any_length(found.get("key")), validate=True)
        key = serialization.load_der_public_key(der)
    except (ValueError, binascii.Error, UnsupportedAlgorithm) as error:
        raise NoToken(f"key call answered {reply.status}, without a key") from error
    if not isinstance(key, RSAPublicKey):
        raise NoToken("key call gave a key of another kind")
    return key, _lasts(word(found.get("valid_upto")))


def word_of_any_length(found: object) -> str:
    """A text, or none."""
    return found if isinstance(found, str) else ""


def _lasts(until: str | None) -> timedelta:
    try:
        ends = datetime.strptime(until or "", DATE).replace(tzinfo=ZAMBIA)
    except ValueError:
        return LONGEST
    return min(max(ends - clock.utcnow(), timedelta(0)), LONGEST)
