"""A network calls us: the body is kept once, and only a poll decides."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.infra.absent import redis_away
from tests.support.engine import PAID, Engine
from tests.support.fakes import ScriptedNetwork, result, submit
from tests.support.given import UNKNOWN, accept, ended, ending, look, processing
from tests.support.merchants import Merchant
from tests.support.refusals import refusal
from tests.support.rows import callbacks, discrepancies, history, path
from zampay.infra.redis import redis_client
from zampay.providers.contract import Accepted, Order, PollAnswer, Submission
from zampay.transfers.states import State


def test_a_callback_brings_the_next_look_forward_and_the_look_decides(engine: Engine) -> None:
    transfer = engine.given(processing)
    engine.queue.lose_all()
    engine.network.poll_answers = [result("SUCCESSFUL")]
    assert engine.call(transfer, PAID) == 200
    assert engine.stored(transfer).state == State.PROCESSING
    engine.queue.run_all()
    assert engine.stored(transfer).state == State.SUCCESSFUL
    assert history(engine.app, transfer.id)[-1].evidence == "callback"
    assert [found.processed_at is None for found in callbacks(engine.app, transfer.id)] == [False]


@pytest.mark.parametrize("answer", [result("PENDING"), UNKNOWN])
def test_a_forged_callback_changes_nothing(engine: Engine, answer: PollAnswer) -> None:
    transfer = engine.given(processing)
    engine.network.poll_answers = [answer]
    engine.call(transfer, {**PAID, "externalId": transfer.id, "amount": "12.50"})
    engine.queue.run_all()
    assert len(engine.network.polls) == 1
    assert path(engine.app, transfer.id) == ["PENDING", "SUBMITTING", "PROCESSING"]
    assert engine.stored(transfer).provider_transaction_id is None


def test_a_callback_whose_message_is_lost_is_found_by_the_sweep(engine: Engine) -> None:
    transfer = engine.given(processing)
    engine.call(transfer, PAID)
    engine.queue.lose_all()
    assert (engine.seconds_until_due(transfer) or 0) <= 0
    engine.network.poll_answers = [result("SUCCESSFUL")]
    engine.app.extensions["celery"].tasks["transfers.sweep"]()
    engine.queue.run_all()
    assert engine.stored(transfer).state == State.SUCCESSFUL


@pytest.mark.parametrize("redis_is_there", [True, False], ids=["with Redis", "Redis away"])
def test_fifty_copies_at_once_make_one_row_one_poll_and_one_transition(
    engine: Engine,
    redis_is_there: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    transfer = engine.given(processing)
    engine.queue.lose_all()
    engine.network.poll_answers = [result("SUCCESSFUL")]

    def copy(_: int) -> int:
        return engine.call(transfer, PAID)

    def all_at_once() -> list[int]:
        with ThreadPoolExecutor(50) as pool:
            return list(pool.map(copy, range(50)))

    if redis_is_there:
        answers = all_at_once()
    else:
        with redis_away(engine.app):
            answers = all_at_once()
    assert answers == [200] * 50
    assert len(callbacks(engine.app, transfer.id)) == 1
    assert engine.queue.tasks == ["transfers.poll"]
    engine.queue.run_all()
    assert len(engine.network.polls) == 1
    assert path(engine.app, transfer.id)[-2:] == ["PROCESSING", "SUCCESSFUL"]


def test_a_doubled_message_asks_once(engine: Engine) -> None:
    transfer = engine.given(processing)
    engine.queue.lose_all()
    engine.network.poll_answers = [result("PENDING")]
    engine.call(transfer, PAID)
    for _ in range(3):
        engine.queue.run(engine.queue.held[0])
    assert len(engine.network.polls) == 1


def test_a_callback_before_the_answer_to_the_send_is_no_trouble(engine: Engine) -> None:
    transfer = engine.accept()

    def be_called_first(_: Order) -> Submission:
        engine.call(transfer, PAID)
        engine.queue.run(engine.queue.held.pop())
        return Accepted("202")

    engine.network.submit_answers = [be_called_first]
    engine.network.poll_answers = [result("SUCCESSFUL")]
    engine.queue.lose_all()
    engine.submit(transfer)
    assert engine.network.polls == [], "the lease is not shortened"
    engine.queue.run_all()
    assert path(engine.app, transfer.id) == ["PENDING", "SUBMITTING", "PROCESSING", "SUCCESSFUL"]


def test_a_callback_for_a_payment_not_yet_sent_neither_sends_nor_delays_it(engine: Engine) -> None:
    transfer = engine.accept()
    due_at = transfer.due_at
    engine.call(transfer, PAID)
    engine.queue.run(engine.queue.held.pop())
    after = engine.stored(transfer)
    assert (after.state, after.due_at) == (State.PENDING, due_at)
    assert (engine.network.submissions, engine.network.polls) == ([], [])


def test_a_callback_during_a_look_makes_another_one_follow(engine: Engine) -> None:
    transfer = engine.given(processing)
    meanwhile = engine.called_during(transfer, result("PENDING"))
    engine.network.poll_answers = [meanwhile, result("SUCCESSFUL")]
    engine.make_due(transfer)
    engine.app.extensions["celery"].tasks["transfers.poll"](
        transfer_id=transfer.id, tenant_id=transfer.tenant_id
    )
    assert (engine.seconds_until_due(transfer) or 0) <= 0
    engine.queue.run_all()
    assert engine.stored(transfer).state == State.SUCCESSFUL


def test_a_callback_during_the_look_that_ends_a_payment_is_looked_into(engine: Engine) -> None:
    transfer = engine.given(processing)

    def be_called_meanwhile(order: Order) -> PollAnswer:
        engine.call(transfer, PAID)
        engine.queue.lose_all()
        return ending("FAILED")(order)

    engine.network.poll_answers = [be_called_meanwhile, ending("SUCCESSFUL")]
    engine.look(transfer)
    engine.queue.run_all()
    assert engine.stored(transfer).state == State.FAILED
    assert [found.kind for found in discrepancies(engine.app, transfer.id)] == ["contrary_ending"]
    assert [found.processed_at is None for found in callbacks(engine.app, transfer.id)] == [False]


def test_a_callback_after_the_end_is_looked_into(engine: Engine) -> None:
    transfer = engine.given(ended, "FAILED")
    engine.network.poll_answers = [ending("SUCCESSFUL")]
    engine.call(transfer, PAID)
    engine.queue.run_all()
    assert engine.stored(transfer).state == State.FAILED
    assert [found.kind for found in discrepancies(engine.app, transfer.id)] == ["contrary_ending"]


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_whatever_the_body_is_it_is_kept_raw_and_answered_200(engine: Engine, method: str) -> None:
    transfer = engine.given(processing)
    bodies = [
        b'{"status":"FAILED","reason":"INTERNAL_PROCESSING_ERROR"}',
        b'{"status":"FAILED","reason":{"code":"PAYER_NOT_FOUND","message":"Payee does not exist"}}',
        b'{"amount":100,"externalId":947354,"payer":{"partyId":4656473839},"status":"SUCCESSFUL"}',
        b'{"status":"NEVER_HEARD_OF","unknown":[1,2]}',
        b"<html><body>Request Rejected</body></html>",
        b'{"status":',
        b"[]",
        b"\xff\x00\xfe",
        b"",
    ]
    engine.network.poll_answers = [result("PENDING")] * len(bodies)
    for body in bodies:
        assert engine.call(transfer, body, method) == 200
        engine.queue.run_all()
    assert [found.body for found in callbacks(engine.app, transfer.id)] == bodies
    assert {found.method for found in callbacks(engine.app, transfer.id)} == {method}
    assert engine.stored(transfer).state == State.PROCESSING


def test_a_token_that_we_never_gave_is_unknown_and_keeps_nothing(
    app: Flask, client: FlaskClient, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = processing(app, merchant, network)
    token = transfer.callback_token
    other = ("0" if token[0] != "0" else "1") + token[1:]
    for address in (f"mtn/{other}", f"mtn/{token[:-1]}", f"mtn/{token}x", f"airtel/{token}"):
        answer = client.put(f"/api/v1/callbacks/{address}", data=b"{}")
        refusal(answer, 404, "callback_unknown")
    assert callbacks(app, transfer.id) == []


def test_a_copy_stops_at_redis_only_while_the_first_one_is_safe(engine: Engine) -> None:
    """The lock alone proves nothing: who took it may have been killed before the commit."""
    transfer = engine.given(processing)
    engine.queue.lose_all()
    lock = f"callback:{transfer.id}:{hashlib.sha256(b'{}').hexdigest()}"
    with engine.app.app_context():
        assert redis_client.lock(lock, ttl_s=60)
    for _ in range(2):
        assert engine.call(transfer, b"{}") == 200
    assert [kept.body for kept in callbacks(engine.app, transfer.id)] == [b"{}"]
    assert engine.queue.tasks == ["transfers.poll"]
    with engine.app.app_context():
        assert not redis_client.lock(lock, ttl_s=60), "another's lock is left alone"


def test_a_callback_from_before_the_first_send_is_processed_by_the_first_poll(
    engine: Engine,
) -> None:
    transfer = engine.given(lambda app, merchant, _: accept(app, merchant))
    assert engine.call(transfer, PAID) == 200
    submit(engine.app, transfer)
    engine.network.poll_answers = [result("SUCCESSFUL")]
    look(engine.app, transfer)
    assert [found.processed_at is None for found in callbacks(engine.app, transfer.id)] == [False]
