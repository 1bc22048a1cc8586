"""What is encrypted in the row of an endpoint: its signing secrets and the merchant's headers."""

from datetime import datetime

from zampay.infra import encryption
from zampay.webhooks.models import Endpoint


def signing_secrets(endpoint: Endpoint, now: datetime) -> list[str]:
    """The secrets that sign now: the current one, and the previous one until its end.

    Raises:
        encryption.CannotDecrypt.
    """
    return [encryption.decrypt(stored) for stored in endpoint.secrets_in_use(now).values()]


def headers_of(endpoint: Endpoint) -> dict[str, str]:
    """The merchant's own headers.

    Raises:
        encryption.CannotDecrypt.
    """
    return {name: encryption.decrypt(stored) for name, stored in endpoint.encrypted_headers.items()}


def encrypted(headers: dict[str, str]) -> dict[str, str]:
    """Headers as they may be stored."""
    return {name: encryption.encrypt(value) for name, value in headers.items()}
