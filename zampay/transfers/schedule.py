"""When a payment is worked on next. Only this module and `Payment.enter` write `due_at`.

`due_at` is when the row is owed work; `leased_until` says that somebody is at it now, and the row
is not due before that. `planned_at` keeps the planned poll while a hint (a callback, an operator)
has brought `due_at` forward, so that a hint neither delays that poll nor takes its place.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from flask import current_app

from zampay.infra.database.db import Transaction
from zampay.transfers import queries
from zampay.transfers.models import Payment

AFTER_A_FLOOD = timedelta(seconds=5)
"""Callbacks that are too many to be kept lead to a poll this often at the most."""


def plan(payment: Payment, at: datetime | None) -> None:
    """The next work is at this time (None: no work is left), and nobody is at it now."""
    payment.due_at, payment.planned_at, payment.leased_until = at, None, None


def lease(payment: Payment, now: datetime) -> None:
    """Take the row: nobody else takes it before the lease ends. What was planned for later stays
    planned.
    """
    until = now + current_app.config["SUBMIT_LEASE"]
    payment.due_at = payment.leased_until = until
    payment.planned_at = still_planned(payment, now)


def is_leased(payment: Payment, now: datetime) -> bool:
    """Whether somebody is sending the payment or asking about it now."""
    return payment.leased_until is not None and payment.leased_until > now


def still_planned(payment: Payment, now: datetime) -> datetime | None:
    """The planned poll, if this work only comes before it and does not stand for it."""
    planned: datetime | None = payment.planned_at
    return planned if planned is not None and planned > now else None


def bring_forward(payment: Payment, at: datetime, now: datetime) -> None:
    """Let the next poll come at this time, if it was planned for later. A lease is not shortened:
    who holds it sees to the hint. An ended payment is in question again until the poll is made.
    """
    if payment.is_final and payment.repoll_at is None:
        payment.repoll_at = at
    if is_leased(payment, now) or (payment.due_at is not None and payment.due_at <= at):
        return
    payment.planned_at = payment.planned_at or payment.due_at
    payment.due_at = at


def last_byte_at(payment: Payment) -> datetime:
    """When the last byte of a send could go out; a row of an older release says when it began."""
    sent_at: datetime | None = payment.submitted_at
    known: datetime | None = payment.last_byte_at
    assert sent_at is not None, "only what was sent is asked about"
    longest: timedelta = current_app.config["SUBMIT_LEASE"]
    return known if known is not None and known >= sent_at else sent_at + longest


@contextmanager
def following_callbacks(tx: Transaction, payment: Payment, *, since: datetime) -> Iterator[None]:
    """Around what an answer does to the payment: let a poll follow callbacks that came during the
    lease taken at `since`. They did not shorten it, and the queue's message for them may have been
    passed over. An ending that the answer brings is in question until that poll is made.
    """
    stored = queries.has_unprocessed_callback(tx, payment.id)
    flooded = payment.called_back_at is not None and payment.called_back_at > since
    if not (stored or flooded):
        yield
        return
    at = tx.now if stored else tx.now + AFTER_A_FLOOD
    payment.repoll_at = payment.repoll_at or at
    yield
    if not payment.is_final:
        payment.repoll_at = None
    bring_forward(payment, at, tx.now)
    if stored:
        tx.enqueue("transfers.poll", payment_id=payment.id, tenant_id=payment.tenant_id)
