"""Standard Webhooks signatures (standardwebhooks.com, specification 1.0): symmetric, `v1`."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix that the specification gives
_SECRET_BYTES = 32


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base 64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(
    body: str, *, message_id: str, at: datetime, signing_secrets: Sequence[str]
) -> dict[str, str]:
    """The three headers of a message; during a rotation one signature for each secret."""
    signatures = [Webhook(one).sign(message_id, at, body) for one in signing_secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
