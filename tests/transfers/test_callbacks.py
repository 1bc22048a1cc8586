"""A network calls us: the body is kept once, and only a poll decides."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.infra.absent import redis_away
from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due, result, stored, submit
from tests.support.given import UNKNOWN, accept, ended, ending, look, processing
from tests.support.merchants import Merchant
from tests.support.refusals import refusal
from tests.support.rows import callbacks, discrepancies, moves, path, seconds_until_due
from zampay.infra.redis import redis_client
from zampay.providers.contract import Accepted, Order, PollAnswer, Submission
from zampay.transfers.models import Transfer
from zampay.transfers.states import State

PAID = {"financialTransactionId": "1884710816", "status": "SUCCESSFUL", "amount": "12.5"}


def call(
    client: FlaskClient, transfer: Transfer, body: bytes | str | object, method: str = "PUT"
) -> int:
    """Send a callback as the network does; strings and bytes go out raw."""
    raw = body if isinstance(body, bytes | str) else json.dumps(body)
    path = f"/api/v1/callbacks/mtn/{transfer.callback_token}"
    answer = client.open(path, method=method, data=raw, content_type="application/json")
    return answer.status_code


def test_a_callback_brings_the_next_look_forward_and_the_look_decides(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)
    task_queue.lose_all()
    network.poll_answers = [result("SUCCESSFUL")]
    assert call(client, transfer, PAID) == 200
    assert stored(app, transfer.id).state == State.PROCESSING
    task_queue.run_all()
    assert stored(app, transfer.id).state == State.SUCCESSFUL
    assert moves(app, transfer.id)[-1].evidence == "callback"
    assert [found.processed_at is None for found in callbacks(app, transfer.id)] == [False]


@pytest.mark.parametrize("answer", [result("PENDING"), UNKNOWN])
def test_a_forged_callback_changes_nothing(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    answer: PollAnswer,
) -> None:
    transfer = processing(app, merchant, network)
    network.poll_answers = [answer]
    call(client, transfer, {**PAID, "externalId": transfer.id, "amount": "12.50"})
    task_queue.run_all()
    assert len(network.polls) == 1
    assert path(app, transfer.id) == ["PENDING", "SUBMITTING", "PROCESSING"]
    assert stored(app, transfer.id).provider_transaction_id is None


def test_a_callback_whose_message_is_lost_is_found_by_the_sweep(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)
    call(client, transfer, PAID)
    task_queue.lose_all()
    assert (seconds_until_due(app, transfer.id) or 0) <= 0
    network.poll_answers = [result("SUCCESSFUL")]
    app.extensions["celery"].tasks["transfers.sweep"]()
    task_queue.run_all()
    assert stored(app, transfer.id).state == State.SUCCESSFUL


@pytest.mark.parametrize("redis_is_there", [True, False], ids=["with Redis", "Redis away"])
def test_fifty_copies_at_once_make_one_row_one_look_and_one_move(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    redis_is_there: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    transfer = processing(app, merchant, network)
    task_queue.lose_all()
    network.poll_answers = [result("SUCCESSFUL")]

    def copy(_: int) -> int:
        return call(app.test_client(), transfer, PAID)

    def all_at_once() -> list[int]:
        with ThreadPoolExecutor(50) as pool:
            return list(pool.map(copy, range(50)))

    if redis_is_there:
        answers = all_at_once()
    else:
        with redis_away(app):
            answers = all_at_once()
    assert answers == [200] * 50
    assert len(callbacks(app, transfer.id)) == 1
    assert task_queue.tasks == ["transfers.poll"]
    task_queue.run_all()
    assert len(network.polls) == 1
    assert path(app, transfer.id)[-2:] == ["PROCESSING", "SUCCESSFUL"]


def test_a_doubled_message_asks_once(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)
    task_queue.lose_all()
    network.poll_answers = [result("PENDING")]
    call(client, transfer, PAID)
    for _ in range(3):
        task_queue.run(task_queue.held[0])
    assert len(network.polls) == 1


def test_a_callback_before_the_answer_to_the_send_is_no_trouble(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = accept(app, merchant)

    def be_called_first(_: Order) -> Submission:
        call(app.test_client(), transfer, PAID)
        task_queue.run(task_queue.held.pop())
        return Accepted("202")

    network.submit_answers = [be_called_first]
    network.poll_answers = [result("SUCCESSFUL")]
    task_queue.lose_all()
    submit(app, transfer)
    assert network.polls == [], "the lease is not shortened"
    task_queue.run_all()
    assert path(app, transfer.id) == ["PENDING", "SUBMITTING", "PROCESSING", "SUCCESSFUL"]


def test_a_callback_for_a_payment_not_yet_sent_neither_sends_nor_delays_it(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = accept(app, merchant)
    due_at = transfer.due_at
    call(client, transfer, PAID)
    task_queue.run(task_queue.held.pop())
    after = stored(app, transfer.id)
    assert (after.state, after.due_at) == (State.PENDING, due_at)
    assert (network.submissions, network.polls) == ([], [])


def test_a_callback_during_a_look_makes_another_one_follow(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)

    def be_called_meanwhile(order: Order) -> PollAnswer:
        call(app.test_client(), transfer, PAID)
        return result("PENDING")(order)

    network.poll_answers = [be_called_meanwhile, result("SUCCESSFUL")]
    make_due(app, transfer.id)
    app.extensions["celery"].tasks["transfers.poll"](
        transfer_id=transfer.id, tenant_id=transfer.tenant_id
    )
    assert (seconds_until_due(app, transfer.id) or 0) <= 0
    task_queue.run_all()
    assert stored(app, transfer.id).state == State.SUCCESSFUL


def test_a_callback_during_the_look_that_ends_a_payment_is_looked_into(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)

    def be_called_meanwhile(order: Order) -> PollAnswer:
        call(app.test_client(), transfer, PAID)
        task_queue.lose_all()
        return ending("FAILED")(order)

    network.poll_answers = [be_called_meanwhile, ending("SUCCESSFUL")]
    look(app, transfer)
    task_queue.run_all()
    assert stored(app, transfer.id).state == State.FAILED
    assert [found.kind for found in discrepancies(app, transfer.id)] == ["contrary_ending"]
    assert [found.processed_at is None for found in callbacks(app, transfer.id)] == [False]


def test_a_callback_after_the_end_is_looked_into(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = ended(app, merchant, network, "FAILED")
    network.poll_answers = [ending("SUCCESSFUL")]
    call(client, transfer, PAID)
    task_queue.run_all()
    assert stored(app, transfer.id).state == State.FAILED
    assert [found.kind for found in discrepancies(app, transfer.id)] == ["contrary_ending"]


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_whatever_the_body_is_it_is_kept_raw_and_answered_200(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    method: str,
) -> None:
    transfer = processing(app, merchant, network)
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
    network.poll_answers = [result("PENDING")] * len(bodies)
    for body in bodies:
        assert call(client, transfer, body, method) == 200
        task_queue.run_all()
    assert [found.body for found in callbacks(app, transfer.id)] == bodies
    assert {found.method for found in callbacks(app, transfer.id)} == {method}
    assert stored(app, transfer.id).state == State.PROCESSING


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


def test_a_copy_stops_at_redis_only_while_the_first_one_is_safe(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    """The lock alone proves nothing: who took it may have been killed before the commit."""
    transfer = processing(app, merchant, network)
    task_queue.lose_all()
    lock = f"callback:{transfer.id}:{hashlib.sha256(b'{}').hexdigest()}"
    with app.app_context():
        assert redis_client.lock(lock, ttl_s=60)
    for _ in range(2):
        assert call(client, transfer, b"{}") == 200
    assert [kept.body for kept in callbacks(app, transfer.id)] == [b"{}"]
    assert task_queue.tasks == ["transfers.poll"]
    with app.app_context():
        assert not redis_client.lock(lock, ttl_s=60), "another's lock is left alone"
