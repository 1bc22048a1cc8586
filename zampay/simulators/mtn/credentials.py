"""API users, their keys and the tokens made from them; all in memory."""

import secrets
import threading
import time
from dataclasses import dataclass

from zampay.simulators.mtn.settings import Settings, random_key


@dataclass
class ApiUser:
    """An API user; `product` is the one whose subscription key made it, None for any."""

    reference_id: str
    callback_host: str
    product: str | None
    api_key: str | None = None


@dataclass(frozen=True)
class Token:
    """A bearer token for one product, until `expires_s` on the monotonic clock."""

    product: str
    user: ApiUser
    expires_s: float


class Credentials:
    """Who may call. Subscription keys are per product, API users per sandbox product."""

    def __init__(self, settings: Settings) -> None:
        self._life_s = settings.token_life_s
        self._products = {
            settings.subscription_key: "collection",
            settings.disbursement_subscription_key: "disbursement",
        }
        first = ApiUser(
            settings.api_user.lower(),
            settings.callback_host,
            "collection" if settings.environment == "sandbox" else None,
            settings.api_key,
        )
        self._users = {first.reference_id: first}
        self._tokens: dict[str, Token] = {}
        self._lock = threading.Lock()

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
            self._tokens = {k: t for k, t in self._tokens.items() if t.user is not user}
            return user.api_key

    def log_in(self, reference_id: str, api_key: str) -> ApiUser | None:
        """The user with this id and key."""
        user = self.user(reference_id)
        if user is None or user.api_key is None:
            return None
        return user if secrets.compare_digest(user.api_key.encode(), api_key.encode()) else None

    def new_token(self, product: str, user: ApiUser) -> str:
        """A bearer token; several may live at once."""
        name = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[name] = Token(product, user, time.monotonic() + self._life_s)
        return name

    def bearer(self, name: str, product: str) -> ApiUser | None:
        """The user behind a token that lives and was made for this product."""
        token = self._tokens.get(name)
        if token is None or token.product != product or token.expires_s <= time.monotonic():
            return None
        return token.user

    def expire_tokens(self) -> int:
        """End every token; how many there were."""
        with self._lock:
            ended, self._tokens = len(self._tokens), {}
        return ended
