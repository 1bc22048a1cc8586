"""Settings of the MTN simulator; see zampay.simulators.core.settings."""

import uuid
from dataclasses import dataclass
from typing import ClassVar

from zampay.simulators.core import settings
from zampay.simulators.core.settings import key, option

SANDBOX = "sandbox"
ZAMBIA = "mtnzambia"
STRICT, LENIENT = "strict", "lenient"


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Settings):
    """One environment of MTN; durations are in seconds."""

    network: ClassVar[str] = "MTN"

    environment: str = option(
        ZAMBIA, "the one value of X-Target-Environment that is served", SANDBOX, ZAMBIA
    )
    subscription_key: str = key("subscription key of the collection product")
    disbursement_subscription_key: str = key("subscription key of the disbursement product")
    api_user: str = key(
        "an API user that exists from the start (UUID v4)", lambda: str(uuid.uuid4())
    )
    api_key: str = key("that user's API key")
    remittance_subscription_key: str = key("subscription key of the remittance product")
    callback_host: str = option("127.0.0.1", "the host registered for that user's callbacks")
    notify_s: float = option(1800.0, "how long after success a delivery notification is accepted")
    token_body: str = option(
        STRICT, "whether a request for a token may have the body {}", STRICT, LENIENT
    )
    token_life_s: float = option(3600.0, "how long a token is valid")

    @property
    def currency(self) -> str:
        """EUR in the sandbox, else the kwacha (MTN: Sandbox Use Cases)."""
        return "EUR" if self.environment == SANDBOX else "ZMW"

    @property
    def summary(self) -> str:
        """Environment and currency."""
        return f"environment: {self.environment}, currency: {self.currency}"
