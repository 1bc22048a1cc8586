"""Transfers that are locked for work: read whole in one statement, written back in one.

A payment goes through here four times, so this is SQL by hand: SQLAlchemy's unit of work takes
several times as long as PostgreSQL does. What has changed since a row was read is written with the
next line of its history, or before the commit (see `Transaction.before_commit`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from zampay.infra.database.db import Transaction
from zampay.transfers.models import Transfer

_DUE: Final = "AND due_at <= now()"
_LOCK: Final = "FOR NO KEY UPDATE"
"""Rows that only name the transfer (a callback that is being kept) can be written meanwhile."""
_LONGEST_DETAIL: Final = 500
CLOCK: Final = sa.func.clock_timestamp()
"""For a column: the database's time at the write, when the transaction may have waited."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """What a transition adds to the history beside where the transfer is now."""

    source: str
    evidence: str
    detail: str


def locked(tx: Transaction, transfer_id: str) -> Transfer:
    """A transfer of the tenant that is known to be there, locked until the transaction ends."""
    (transfer,) = _read(tx, "AND id = %(id)s", id=transfer_id)
    return transfer


def all_locked(tx: Transaction, transfer_ids: Sequence[str]) -> list[Transfer]:
    """These transfers of the tenant, locked in the order of their ids."""
    return _read(tx, "AND id = ANY(%(ids)s) ORDER BY id", ids=list(transfer_ids))


def locked_if_due(tx: Transaction, transfer_id: str, *, waiting: bool = False) -> Transfer | None:
    """The transfer, locked, if it is owed work now and nobody else is at it; `waiting` for whoever
    holds the row, who may leave it due.
    """
    lock = _LOCK if waiting else f"{_LOCK} SKIP LOCKED"
    found = _read(tx, f"AND id = %(id)s {_DUE}", lock=lock, id=transfer_id)
    return found[0] if found else None


def locked_of_merchant(
    tx: Transaction, *, kind: str, livemode: bool, transfer_id: str
) -> Transfer | None:
    """What a merchant names by its id, locked; None where there is none like that."""
    found = _read(
        tx,
        "AND id = %(id)s AND kind = %(kind)s AND livemode = %(livemode)s",
        id=transfer_id,
        kind=kind,
        livemode=livemode,
    )
    return found[0] if found else None


def _read(tx: Transaction, which: str, *, lock: str = _LOCK, **values: Any) -> list[Transfer]:
    query = f"SELECT {', '.join(_columns())} FROM transfers WHERE tenant_id = %(tenant_id)s"  # noqa: S608
    rows = tx.execute(f"{query} {which} {lock}", tenant_id=tx.tenant_id, **values)
    return [_kept(tx, row) for row in rows]


def _kept(tx: Transaction, row: Sequence[Any]) -> Transfer:
    values = dict(zip(_columns().values(), row, strict=True))
    assert values["id"] not in tx.as_read, "a row is locked once: two copies would undo each other"
    transfer = Transfer()
    transfer.__dict__.update(values)
    tx.as_read[transfer.id] = values
    tx.before_commit(lambda: save(tx, transfer))
    return transfer


def save(tx: Transaction, transfer: Transfer, line: HistoryLine | None = None) -> None:
    """Write what has changed, and a line of the history of the state that the transfer is now in.

    Raises:
        AssertionError: the row was not there, or is another tenant's.
    """
    read = tx.as_read[transfer.id]
    now = {name: getattr(transfer, name) for name in read}
    changed = {
        column: now[name]
        for column, name in _columns().items()
        if now[name] is not read[name] and _differs(now[name], read[name])
    }
    tx.as_read[transfer.id] = now
    if not changed:
        return
    values = {name: value for name, value in changed.items() if value is not CLOCK}
    if line is not None:
        values |= {
            "line_source": line.source,
            "line_evidence": line.evidence,
            "line_detail": line.detail[:_LONGEST_DETAIL],
        }
    at = tuple(name for name, value in changed.items() if value is CLOCK)
    statement = _statement(tuple(changed), at, with_line=line is not None)
    written = tx.execute(statement, row_tenant=tx.tenant_id, row_id=transfer.id, **values)
    assert written.rowcount == 1, "a locked row is there"


@lru_cache(maxsize=200)
def _statement(columns: tuple[str, ...], by_clock: tuple[str, ...], *, with_line: bool) -> str:
    changes = ", ".join(
        f"{column} = {'clock_timestamp()' if column in by_clock else f'%({column})s'}"
        for column in columns
    )
    row = "tenant_id = %(row_tenant)s AND id = %(row_id)s"
    update = f"UPDATE transfers SET {changes} WHERE {row}"  # noqa: S608 - names of columns
    if not with_line:
        return update
    return f"""
        WITH transfer AS ({update} RETURNING id, position, tenant_id, state)
        INSERT INTO transitions (transfer_id, position, tenant_id, source, target, evidence, detail)
        SELECT id, position, tenant_id, %(line_source)s, state, %(line_evidence)s, %(line_detail)s
          FROM transfer
    """  # noqa: S608


def _differs(one: Any, other: Any) -> bool:
    return one is CLOCK or other is CLOCK or one != other


@lru_cache(maxsize=1)
def _columns() -> dict[str, str]:
    """Each column, with the name of its attribute."""
    attributes = sa.inspect(Transfer).column_attrs
    return {attribute.columns[0].name: attribute.key for attribute in attributes}
