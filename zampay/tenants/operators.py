"""The people who run this gateway, each with a token of their own that proves who acts.

The first two ever added are active at once; whoever comes later needs the approval of two active
operators, so that nobody alone makes a second identity. At least two stay.
"""

import hashlib
import re

import sqlalchemy as sa

from zampay.infra.database.db import EVERY_TENANT, Transaction, transaction
from zampay.kernel import ids
from zampay.tenants.models import Operator

NAME = re.compile(r"[a-z][a-z0-9.-]{1,31}")
FOUNDERS = APPROVALS = LEAST = 2
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(hashtext('zampay operators'))")


class NotAllowed(Exception):
    """The message says why, for an operator."""


def add(name: str) -> tuple[str, bool]:
    """A new operator: the token, kept nowhere else, and whether it can be used already.

    Raises:
        NotAllowed: the name is not plain ASCII, or is or was somebody's.
    """
    if not NAME.fullmatch(name):
        raise NotAllowed("A name is 2 to 32 of a-z, 0-9, dot and dash, and begins with a letter.")
    token = f"zpo_{ids.secret(40)}"
    with transaction(EVERY_TENANT) as tx:
        tx.session.execute(_ONE_AT_A_TIME)
        known = {one.name for one in _all(tx)}
        if name in known:
            raise NotAllowed(f"There is or was an operator {name}: take another name.")
        active = len(known) < FOUNDERS
        tx.session.add(Operator(name=name, token_hash=_hash(token), approved_by=[], active=active))
    return token, active


def approve(name: str, *, token: str) -> bool:
    """Vouch for a new operator; whether two have by now, so that they are active.

    Raises:
        NotAllowed.
    """
    with transaction(EVERY_TENANT) as tx:
        tx.session.execute(_ONE_AT_A_TIME)
        voucher = _proven(tx, token)
        found = tx.session.get(Operator, name)
        if found is None or found.active or found.removed_at is not None:
            raise NotAllowed(f"{name} does not wait for an approval.")
        found.approved_by = sorted({*found.approved_by, voucher})
        found.active = len(found.approved_by) >= APPROVALS
    return found.active


def remove(name: str, *, token: str) -> None:
    """Refuse an operator's token from now on; the name stays taken.

    Raises:
        NotAllowed: fewer than two would be left.
    """
    with transaction(EVERY_TENANT) as tx:
        tx.session.execute(_ONE_AT_A_TIME)
        _proven(tx, token)
        found = tx.session.get(Operator, name)
        if found is None or found.removed_at is not None:
            raise NotAllowed(f"There is no operator {name}.")
        if found.active and sum(one.active for one in _all(tx)) <= LEAST:
            raise NotAllowed("Two have to stay: add another first.")
        found.active, found.removed_at = False, tx.now


def everybody() -> list[Operator]:
    """All who are or were operators."""
    with transaction(EVERY_TENANT) as tx:
        return _all(tx)


def proven(token: str) -> str:
    """Whose token this is.

    Raises:
        NotAllowed.
    """
    with transaction(EVERY_TENANT) as tx:
        return _proven(tx, token)


def is_active(tx: Transaction, name: str) -> bool:
    """Whether this is an operator now."""
    found = tx.session.get(Operator, name)
    return found is not None and found.active


def _proven(tx: Transaction, token: str) -> str:
    wanted = sa.select(Operator.name).where(
        Operator.token_hash == _hash(token), Operator.active.is_(True)
    )
    name = tx.session.scalar(wanted)
    if name is None:
        raise NotAllowed("OPERATOR_TOKEN is no active operator's.")
    return name


def _all(tx: Transaction) -> list[Operator]:
    return list(tx.session.scalars(sa.select(Operator).order_by(Operator.name)))


def _hash(token: str) -> str:
    """SHA-256: the token is pure chance, so that a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()
