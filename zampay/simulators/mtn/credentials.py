"""API users, their keys and the tokens made from them; all in memory."""

import secrets
import threading
from dataclasses import dataclass

from zampay.simulators.core.settings import random_key
from zampay.simulators.core.tokens import Tokens
from zampay.simulators.mtn.consents import Consents
from zampay.simulators.mtn.settings import SANDBOX, Settings


@dataclass
class ApiUser:
    """An API user; `product` is the one whose subscription key made it, None for any."""

    reference_id: str
    callback_host: str
    product: str | None
    api_key: str | None = None


class Credentials:
    """Who may call. Subscription keys are per product, API users per sandbox product."""

    def __init__(self, settings: Settings) -> None:
        self._products = {
            settings.subscription_key: "collection",
            settings.disbursement_subscription_key: "disbursement",
            settings.remittance_subscription_key: "remittance",
        }
        first = ApiUser(
            settings.api_user.lower(),
            settings.callback_host,
            "collection" if settings.environment == SANDBOX else None,
            settings.api_key,
        )
        self._users = {first.reference_id: first}
        self._lock = threading.Lock()
        self.tokens: Tokens[tuple[str, ApiUser]] = Tokens(settings.token_life_s)
        self.consents = Consents(settings.token_life_s)

    def product_of(self, subscription_key: str) -> str | None:
        """The product that this subscription key opens."""
        return self._products.get(subscription_key)

    def user(self, reference_id: str) -> ApiUser | None:
        """The API user of this id."""
        return self._users.get(reference_id.lower())

    def add_user(self, reference_id: str, callback_host: str, product: str) -> bool:
        """Make an API user; False when the id is taken."""
        user = ApiUser(reference_id.lower(), callback_host, product)
        with self._lock:
            return self._users.setdefault(user.reference_id, user) is user

    def new_api_key(self, user: ApiUser) -> str:
        """Give the user a new key; the earlier one and its tokens end."""
        with self._lock:
            user.api_key = random_key()
            self.tokens.revoke(lambda owner: owner[1] is user)
            self.consents.revoke(user.reference_id)
            return user.api_key

    def log_in(self, reference_id: str, api_key: str) -> ApiUser | None:
        """The user with this id and key."""
        user = self.user(reference_id)
        if user is None or user.api_key is None:
            return None
        return user if secrets.compare_digest(user.api_key.encode(), api_key.encode()) else None

    def bearer(self, token: str, product: str) -> ApiUser | None:
        """The user behind a valid token that was made for this product."""
        owner = self.tokens.owner(token)
        return owner[1] if owner is not None and owner[0] == product else None
