"""The application's login and its tokens, and the key for signed messages; all in memory."""

import base64
import secrets

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives import padding, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from zampay.simulators.airtel.settings import Settings
from zampay.simulators.core.tokens import Tokens

KEY_BITS = 1024  # as in Airtel's samples
AES_KEY, AES_BLOCK = 32, 16


class Credentials:
    """Who may call, and what a signed message is checked with."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.tokens: Tokens[str] = Tokens(settings.token_life_s)
        self._rsa = rsa.generate_private_key(65537, KEY_BITS)

    def are(self, client_id: str, client_secret: str) -> bool:
        """Whether these are the application's."""
        known = (self._settings.client_id, self._settings.client_secret)
        given = (client_id, client_secret)
        return all(
            secrets.compare_digest(ours.encode(), theirs.encode())
            for ours, theirs in zip(known, given, strict=True)
        )

    def public_key(self) -> str:
        """The key for signing as the portal gives it: DER in base64, without a frame."""
        made = self._rsa.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(made).decode()

    def is_signed(self, body: bytes, signature: str, key: str) -> bool:
        """Whether `x-signature` is the body, encrypted with what `x-key` holds."""
        try:
            opened = self._rsa.decrypt(base64.b64decode(key, validate=True), PKCS1v15()).decode()
            aes_key, initial = (base64.b64decode(one, validate=True) for one in opened.split(":"))
            return secrets.compare_digest(encrypted(body, aes_key, initial), signature)
        except (ValueError, InvalidKey, TypeError):
            return False


def encrypted(body: bytes, aes_key: bytes, initial: bytes) -> str:
    """AES-256-CBC with PKCS5 padding, in base64."""
    padder = padding.PKCS7(AES_BLOCK * 8).padder()
    cipher = Cipher(algorithms.AES(aes_key), modes.CBC(initial)).encryptor()
    padded = padder.update(body) + padder.finalize()
    return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()
