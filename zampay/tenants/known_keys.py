"""API keys that this process has just looked up, known for a second at most.

Only keys that may be used are kept: one that is refused is looked up each time. So a key that is
revoked, or whose tenant is suspended, is refused everywhere one second later at the latest.
"""

from dataclasses import dataclass, field
from datetime import datetime

from flask import Flask, current_app

from zampay.kernel import clock
from zampay.tenants.models import ApiKey, Tenant

LONGEST_S = 1.0
MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key with what a request needs to know of it and of its tenant."""

    id: str
    tenant_id: str
    livemode: bool
    scopes: frozenset[str]
    is_suspended: bool
    expires_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey, tenant: Tenant) -> "KnownKey":
        """As the rows say."""
        return cls(
            id=key.id,
            tenant_id=tenant.id,
            livemode=key.livemode,
            scopes=frozenset(key.scopes),
            is_suspended=tenant.suspended_at is not None,
            expires_at=key.expires_at,
        )


@dataclass(slots=True)
class KnownKeys:
    """By the hash of a key: the key, and until when (monotonic seconds) it is known."""

    kept: dict[str, tuple[KnownKey, float]] = field(default_factory=dict)


def init(app: Flask) -> None:
    """Let the application's process know keys."""
    app.extensions["known_keys"] = KnownKeys()


def known(digest: str) -> KnownKey | None:
    """The key with this hash, if it was looked up less than a second ago."""
    found = _keys().kept.get(digest)
    return found[0] if found is not None and clock.monotonic_s() < found[1] else None


def keep(digest: str, key: KnownKey, *, asked_s: float, now: datetime) -> None:
    """Know a key that may be used, from the moment (`asked_s`, monotonic) before the database was
    asked; `now` is what the database said the time was. Its end is not overstepped.
    """
    if key.is_suspended:
        return
    left_s = LONGEST_S
    if key.expires_at is not None:
        left_s = min(left_s, (key.expires_at - now).total_seconds())
    kept = _keys().kept
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[digest] = (key, asked_s + left_s)


def _keys() -> KnownKeys:
    found: KnownKeys = current_app.extensions["known_keys"]
    return found
