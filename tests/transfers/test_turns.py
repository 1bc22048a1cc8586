"""Who is served next: merchants in turns, each one's oldest payment first, however many wait."""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import HeldQueue, ScriptedNetwork, stored
from tests.support.given import accept, unconfirmed
from tests.support.merchants import Merchant
from zampay.infra.database.db import EVERY_TENANT, db, transaction
from zampay.providers.profile import DEPLOYMENT
from zampay.transfers import due
from zampay.transfers.due import Stream
from zampay.transfers.models import Transfer
from zampay.transfers.states import NextAction, State

SENDS = Stream(NextAction.SUBMIT, "MTN", DEPLOYMENT, livemode=True)
POLLS = Stream(NextAction.POLL, "MTN", DEPLOYMENT, livemode=True)
MANY = 50_000
COPIES = """
INSERT INTO transfers (id, tenant_id, kind, livemode, external_id, request_digest, provider,
    wallet_id, wallet_choice, provider_reference, callback_token, amount_minor, currency, msisdn,
    payer_message, payee_note, metadata, state, position, due_at, submissions, polls, in_doubt,
    created_at, updated_at)
SELECT id || g, tenant_id, kind, livemode, 'copy-' || g, request_digest, provider, wallet_id,
    wallet_choice, 'copy-' || g,
    lpad(g::text, 40, '0'), amount_minor, currency, msisdn, payer_message, payee_note, metadata,
    state, position, now() - g * interval '1 ms', 0, 0, in_doubt, now() - g * interval '1 ms', now()
  FROM transfers, generate_series(1, %s::int) g WHERE id = %s
"""


def chosen(
    app: Flask, stream: Stream, *, limit: int = 10, served: tuple[str, ...] = ()
) -> list[str]:
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        return [row[0] for row in due.due(tx, stream, limit=limit, served=served)]


def make_due(app: Flask, transfer: Transfer, *, due_s: int = 0) -> None:
    """The payment has been due for so many seconds."""
    due_at = sa.func.now() - timedelta(seconds=due_s)
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(
            sa.update(Transfer).where(Transfer.id == transfer.id).values(due_at=due_at)
        )


def test_merchants_take_turns_and_each_is_served_oldest_first(
    app: Flask, merchant: Merchant, rival: Merchant, network: ScriptedNetwork
) -> None:
    crowd = [accept(app, merchant) for _ in range(5)]
    few = [accept(app, rival) for _ in range(2)]
    expected = [crowd[0], few[0], crowd[1], few[1], crowd[2]]
    assert chosen(app, SENDS, limit=5) == [one.id for one in expected]


def test_who_was_served_last_comes_last(
    app: Flask, merchant: Merchant, rival: Merchant, network: ScriptedNetwork
) -> None:
    first, second = accept(app, merchant), accept(app, rival)
    assert chosen(app, SENDS, served=(merchant.tenant_id,)) == [second.id, first.id]
    both = (rival.tenant_id, merchant.tenant_id)
    assert chosen(app, SENDS, served=both) == [second.id, first.id]


def test_what_had_to_wait_for_a_repeat_keeps_its_place_by_acceptance(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    old, new = accept(app, merchant), accept(app, merchant)
    make_due(app, old, due_s=1)
    make_due(app, new, due_s=30)
    assert chosen(app, SENDS) == [old.id, new.id]
    assert chosen(app, SENDS, limit=1) == [old.id]


def test_a_payment_that_is_not_due_yet_is_passed_by(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    old, new = accept(app, merchant), accept(app, merchant)
    make_due(app, old, due_s=-5)
    assert chosen(app, SENDS) == [new.id]


def test_streams_hold_what_is_theirs_alone(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    to_send, to_ask = accept(app, merchant), unconfirmed(app, merchant, network)
    test = accept(app, merchant, live=False)
    make_due(app, to_ask)
    assert chosen(app, SENDS) == [to_send.id]
    assert chosen(app, POLLS) == [to_ask.id]
    assert chosen(app, Stream(NextAction.SUBMIT, "MTN", DEPLOYMENT, livemode=False)) == [test.id]
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        assert set(due.streams(tx)) == {
            SENDS,
            POLLS,
            Stream(NextAction.SUBMIT, "MTN", DEPLOYMENT, livemode=False),
        }


def test_of_what_is_to_be_asked_the_oldest_is_first_but_nobody_waits_for_ever(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [unconfirmed(app, merchant, network) for _ in range(3)]
    for row, due_s in zip(rows, (1, 20, 10), strict=True):
        make_due(app, row, due_s=due_s)
    assert chosen(app, POLLS, limit=1) == [rows[0].id]
    monkeypatch.setattr(due, "LONGEST_DUE", 2)
    assert chosen(app, POLLS, limit=1) == [rows[1].id]


def test_merchants_share_what_is_looked_at(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    network: ScriptedNetwork,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [unconfirmed(app, merchant, network) for _ in range(3)]
    for row, due_s in zip(rows, (1, 20, 10), strict=True):
        make_due(app, row, due_s=due_s)
    monkeypatch.setattr(due, "LONGEST_DUE", 6)
    assert chosen(app, POLLS, limit=1) == [rows[0].id]
    other = unconfirmed(app, rival, network)
    make_due(app, other)
    assert chosen(app, POLLS, limit=1) == [rows[1].id]
    assert chosen(app, POLLS) == [rows[0].id, other.id, rows[1].id, rows[2].id]


@pytest.mark.parametrize("made", [accept, unconfirmed])
def test_choosing_costs_little_however_many_are_due(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    made: Callable[..., Transfer],
) -> None:
    given = (network,) if made is not accept else ()
    first, other = made(app, merchant, *given), made(app, rival, *given)
    for row in (first, other):
        make_due(app, row)
    url = str(app.config["SQLALCHEMY_DATABASE_URI"]).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("SELECT set_config('zampay.every_tenant', 'on', false)")
        link.execute(COPIES, (MANY, first.id))
        link.execute("ANALYZE transfers")
    stream = POLLS if stored(app, first.id).state == State.UNCONFIRMED else SENDS
    took_s = []
    for _ in range(15):  # PostgreSQL may keep one plan for all from the sixth on
        began_s = time.monotonic()
        found = chosen(app, stream, limit=32)
        took_s.append(time.monotonic() - began_s)
        assert len(found) == 32
        assert other.id in found[:2]
    assert statistics.median(took_s) < 0.05, took_s
    with app.app_context():
        db.session.remove()
