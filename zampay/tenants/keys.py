"""A tenant's keys as rows: made, found, refused from now on.

Whoever makes or revokes keys of a tenant locks the tenant's row first. So these acts happen one
after the other, and a key that is being revoked makes no further one.
"""

from collections.abc import Iterable
from datetime import datetime

from zampay.infra.database.db import Transaction
from zampay.kernel import ids
from zampay.kernel.errors import ZamPayError
from zampay.tenants import auth, queries
from zampay.tenants.models import ApiKey

MOST_KEYS = 100


class TooManyKeys(ZamPayError):
    """The tenant has as many keys that can be used as one may have."""

    code = "too_many_api_keys"
    status = 422
    title = f"At most {MOST_KEYS} API keys that can be used"
    advice = "revoke keys that nobody needs: 100 can be used at a time"


def issue(
    tx: Transaction,
    *,
    livemode: bool,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which is kept nowhere; the tenant is locked (or new).

    Raises:
        TooManyKeys.
    """
    if queries.usable_keys(tx) >= MOST_KEYS:
        raise TooManyKeys("Revoke those that nobody needs; one that has expired does not count.")
    secret = auth.new_key(livemode=livemode)
    key = ApiKey(
        id=ids.new("key"),
        tenant_id=tx.tenant_id,
        livemode=livemode,
        name=name,
        hash=auth.hash_of(secret),
        hint=auth.hint_of(secret),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
        created_at=tx.now,
    )
    tx.session.add(key)
    tx.session.flush()
    return key, secret


def revoke(tx: Transaction, key_id: str, *, known_successor: str | None) -> list[ApiKey]:
    """Refuse the key from now on: which keys that are, none where it was revoked already. The
    tenant is locked.

    `known_successor` is the one that was there before the tenant was locked: it is the way on from
    a leaked key, and stays. One that was made while this waited is revoked too: whoever revokes a
    key cannot have meant to keep a successor that they could not know.
    """
    revoked = []
    newest: str | None = key_id
    while newest is not None and newest != known_successor:
        key = queries.key(tx, newest)
        if key is not None and key.revoked_at is None:
            key.revoked_at = tx.now
            revoked.append(key)
        newest = queries.successor(tx, newest)
    return revoked


def revoke_all(tx: Transaction) -> list[ApiKey]:
    """Refuse every key that the tenant has; the tenant is locked."""
    revoked = queries.keys_not_revoked(tx)
    for key in revoked:
        key.revoked_at = tx.now
    tx.session.flush()
    return revoked
