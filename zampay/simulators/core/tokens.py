"""Bearer tokens that expire."""

import secrets
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Owner = TypeVar("Owner")


class Tokens(Generic[Owner]):
    """Tokens and the owner of each; an owner may have several."""

    def __init__(self, life_s: float) -> None:
        self._life_s = life_s
        self._tokens: dict[str, tuple[Owner, float]] = {}
        self._lock = threading.Lock()

    def create(self, owner: Owner) -> str:
        """A new token; the earlier ones stay valid."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[token] = (owner, time.monotonic() + self._life_s)
        return token

    def owner(self, token: str) -> Owner | None:
        """The owner of a valid token."""
        owner, expires_s = self._tokens.get(token, (None, 0.0))
        return owner if time.monotonic() < expires_s else None

    def take(self, token: str, condition: Callable[[Owner], bool]) -> Owner | None:
        """The owner of a valid token, if it is such a one; the token ends with that."""
        with self._lock:
            owner = self.owner(token)
            if owner is None or not condition(owner):
                return None
            del self._tokens[token]
            return owner

    def revoke(self, condition: Callable[[Owner], bool] = lambda _: True) -> int:
        """End the tokens of these owners, or all; return how many there were."""
        with self._lock:
            before = len(self._tokens)
            kept = {key: entry for key, entry in self._tokens.items() if not condition(entry[0])}
            self._tokens = kept
        return before - len(kept)
