"""A callback token is sought by its first half and compared as a whole, in constant time."""

import hmac
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.infra.rows import session
from tests.support.fakes import HeldQueue, ScriptedNetwork
from tests.support.given import processing
from tests.support.merchants import BASE, Merchant
from tests.support.refusals import refusal
from tests.support.rows import callbacks
from zampay.infra.database import statements
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.transfers import callback_queries
from zampay.transfers.create import TOKEN_LENGTH
from zampay.transfers.models import LOOKUP_LENGTH, Transfer


@pytest.fixture
def transfer(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> Transfer:
    """A payment that the network may call back about; every message so far is lost."""
    made = processing(app, merchant, network)
    task_queue.lose_all()
    return made


def other_ends(token: str) -> list[str]:
    """Tokens with the same first half, and one character or every other one different."""
    swapped = "".join("1" if character == "0" else "0" for character in token)
    return [
        token[:LOOKUP_LENGTH] + swapped[LOOKUP_LENGTH:],
        token[:LOOKUP_LENGTH] + swapped[LOOKUP_LENGTH] + token[LOOKUP_LENGTH + 1 :],
        token[:-1] + swapped[-1],
    ]


def test_the_right_first_half_alone_is_unknown_and_keeps_nothing(
    app: Flask, client: FlaskClient, transfer: Transfer, task_queue: HeldQueue
) -> None:
    for token in other_ends(transfer.callback_token):
        answer = client.put(f"{BASE}/callbacks/mtn/{token}", data=b"{}")
        refusal(answer, 404, "callback_unknown")
    assert callbacks(app, transfer.id) == []
    assert task_queue.tasks == []


def test_the_whole_token_is_compared_in_constant_time(
    client: FlaskClient, transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[object, object]] = []
    monkeypatch.setattr(hmac, "compare_digest", lambda one, two: compared.append((one, two)))
    token = other_ends(transfer.callback_token)[0]
    client.put(f"{BASE}/callbacks/mtn/{token}", data=b"{}")
    assert compared == [(transfer.callback_token.encode(), token.encode())]


def test_no_more_than_the_first_half_goes_to_the_database_and_an_index_finds_it(
    app: Flask, transfer: Transfer
) -> None:
    sent: list[tuple[str, Any]] = []
    run = statements.run

    def noted(link: Any, statement: str, values: Any) -> Any:
        sent.append((statement, values))
        return run(link, statement, values)

    token = transfer.callback_token
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(statements, "run", noted)
            found = callback_queries.by_callback_token(tx, "MTN", token)
        assert found == (transfer.id, transfer.tenant_id)
        assert callback_queries.by_callback_token(tx, "OTHER", token) is None
        ((statement, values),) = sent
        tx.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        link = tx.session.connection()
        plan = "\n".join(link.exec_driver_sql(f"EXPLAIN {statement}", values).scalars())
    assert "Index Scan using ix_transfers_callback_lookup" in plan
    assert token[:LOOKUP_LENGTH] in values.values()
    assert token[LOOKUP_LENGTH:] not in str(sent)


def test_a_payment_moves_while_somebody_keeps_a_callback_for_it(
    app: Flask, transfer: Transfer
) -> None:
    """Were the lookup a key, each change of a payment would wait for every trace being written, and
    two callbacks at once for each other, until one of them is broken off.
    """
    with session(app, transfer.tenant_id) as keeping, session(app, transfer.tenant_id) as moving:
        keeping.execute(
            "INSERT INTO callbacks (tenant_id, transfer_id, body_digest, body, method, verified)"
            " VALUES (%s, %s, 'digest', '', 'PUT', false)",
            [transfer.tenant_id, transfer.id],
        )
        moving.execute("SET LOCAL lock_timeout = '1s'")
        assert moving.execute("UPDATE transfers SET due_at = now()").rowcount == 1


def test_each_half_is_a_hundred_bits() -> None:
    assert LOOKUP_LENGTH * 5 == (TOKEN_LENGTH - LOOKUP_LENGTH) * 5 == 100
