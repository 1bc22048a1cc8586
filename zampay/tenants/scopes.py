"""What a key may do. A route names one scope; a key carries a list."""

from enum import StrEnum


class Scope(StrEnum):
    """One permission, `thing:verb`."""

    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    AUDIT_READ = "audit:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    WALLETS_READ = "wallets:read"
    WALLETS_WRITE = "wallets:write"


ALL = [str(scope) for scope in Scope]
