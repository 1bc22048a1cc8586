"""Settings of the Airtel simulator; see zampay.simulators.core.settings."""

import uuid
from dataclasses import dataclass
from typing import ClassVar

from zampay.kernel import ids
from zampay.simulators.core import settings
from zampay.simulators.core.settings import key, option

TOKEN_LENGTH = 40


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Settings):
    """One application at Airtel, in Zambia; durations are in seconds.

    Where transcriptions of Airtel's portal disagree, there is an option for each reading.
    """

    network: ClassVar[str] = "AIRTEL"

    port: int = option(8082, "port to listen on; 0 takes any free one and prints it")
    callback_method: str = option("POST", "HTTP method of callbacks", "PUT", "POST")
    client_id: str = key("client id of the application", lambda: str(uuid.uuid4()))
    client_secret: str = key("client secret of the application")
    private_key: str = key("private key of the application: the hash of callbacks is made with it")
    callback_base: str = option(
        "", "the one address that the portal has for callbacks, without the token that it ends in"
    )
    callback_token: str = key("that token", lambda: ids.secret(TOKEN_LENGTH))
    callback_hash: str = option(
        "member", "what the hash of a callback is made of", "off", "member", "body"
    )
    signing: str = option("off", "whether the application signs its messages", "off", "on")
    products: str = option("collection,account,kyc", "products that the application has")
    token_life_s: float = option(180.0, "how long a token is valid")
    expires_in: str = option("text", "how a token's life is written", "text", "number")
    token_refusal: int = option(403, "HTTP status for a token that is not valid: 403 or 401")
    not_found_status: int = option(404, "HTTP status of a poll for an id that is not known")

    @property
    def callback_url(self) -> str | None:
        """Where all callbacks of the application go."""
        return f"{self.callback_base}{self.callback_token}" if self.callback_base else None

    def has(self, product: str) -> bool:
        """Whether the application has this product."""
        return product in self.products.split(",")
