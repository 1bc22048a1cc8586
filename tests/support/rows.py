"""What a payment leaves behind in the database."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import stored
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.transfers.models import Transfer
from zampay.transfers.traces import Callback, Discrepancy, Transition
from zampay.webhooks.models import Event


def history(app: Flask, transfer_id: str) -> list[Transition]:
    return _rows(
        app,
        sa.select(Transition)
        .where(Transition.transfer_id == transfer_id)
        .order_by(Transition.position),
    )


def path(app: Flask, transfer_id: str) -> list[str]:
    """The states that a payment has been in, in order."""
    return [move.target for move in history(app, transfer_id)]


def events(app: Flask, subject_id: str | None = None) -> list[Event]:
    query = sa.select(Event).order_by(Event.tenant_id, Event.livemode, Event.sequence)
    return _rows(app, query if subject_id is None else query.where(Event.subject_id == subject_id))


def discrepancies(app: Flask, transfer_id: str) -> list[Discrepancy]:
    return _rows(app, sa.select(Discrepancy).where(Discrepancy.transfer_id == transfer_id))


def callbacks(app: Flask, transfer_id: str) -> list[Callback]:
    query = sa.select(Callback).where(Callback.transfer_id == transfer_id)
    return _rows(app, query.order_by(Callback.id))


def seconds_until_due(app: Flask, transfer_id: str) -> float | None:
    """By the database's clock; None when the row is owed nothing any more."""
    due_in = sa.extract("epoch", Transfer.due_at - sa.func.now())
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        found = tx.session.scalar(sa.select(due_in).where(Transfer.id == transfer_id))
    return None if found is None else float(found)


def due_after(app: Flask, transfer_id: str) -> timedelta:
    """How long after its last transition the row falls due."""
    row = stored(app, transfer_id)
    assert row.due_at is not None
    return row.due_at - row.updated_at


def _rows(app: Flask, query: sa.Select[Any]) -> list[Any]:
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        return list(tx.session.scalars(query))
