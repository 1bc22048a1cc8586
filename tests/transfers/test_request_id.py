"""The id of a request is beside all that it caused, in whichever process and whoever rang."""

import json

import structlog
from flask import Flask
from flask.testing import FlaskClient

from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due, stored
from tests.support.given import ending, processing
from tests.support.log_lines import Lines, captured
from tests.support.merchants import BASE, Merchant, payment_request
from zampay.infra.database.after_commit import TaskMessage
from zampay.infra.queue.broker import CeleryQueue
from zampay.infra.redis import redis_client

TRACE = {"X-Request-Id": "trace-of-the-merchant"}


def told_by(lines: Lines) -> list[tuple[str, str]]:
    return [(line["target"], line["request_id"]) for line in lines if "target" in line]


def test_a_lost_message_loses_time_and_not_the_cause(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    transfer_id = merchant.post("/payments", payment_request(), headers=TRACE).json["id"]
    task_queue.lose_all()
    network.poll_answers.append(ending("SUCCESSFUL"))
    with captured() as lines:
        for _ in range(2):
            task_queue.run(TaskMessage("transfers.sweep", {}))
            task_queue.run_all()
            make_due(app, transfer_id)
    assert told_by(lines) == [
        ("SUBMITTING", "trace-of-the-merchant"),
        ("PROCESSING", "trace-of-the-merchant"),
        ("SUCCESSFUL", "trace-of-the-merchant"),
    ]


def test_what_a_callback_caused_is_told_under_the_callback(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)
    network.poll_answers.append(ending("SUCCESSFUL"))
    path = f"{BASE}/callbacks/mtn/{transfer.callback_token}"
    client.put(path, data=b"{}", headers={"X-Request-Id": "trace-of-the-network"})
    with (
        captured() as lines,
        structlog.contextvars.bound_contextvars(request_id="trace-of-the-network"),
        app.app_context(),
    ):
        enqueue = task_queue.held[-1]
        app.extensions["celery"].tasks[enqueue.task].run(**enqueue.arguments)
    assert told_by(lines) == [("SUCCESSFUL", "trace-of-the-network")]


def test_the_id_of_a_replay_does_not_replace_the_first(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    order = payment_request()
    transfer_id = merchant.post("/payments", order, headers=TRACE).json["id"]
    merchant.post("/payments", order, headers={"X-Request-Id": "trace-of-the-replay"})
    assert stored(app, transfer_id).request_id == "trace-of-the-merchant"


def test_a_message_carries_the_id_of_what_is_under_way(app: Flask) -> None:
    task_queue, task = CeleryQueue(app.extensions["celery"]), TaskMessage("transfers.submit", {})
    with app.app_context():
        with structlog.contextvars.bound_contextvars(request_id="trace-123456"):
            task_queue.enqueue(task)
        structlog.contextvars.clear_contextvars()
        task_queue.enqueue(task)
        taken = [redis_client.client().rpop("transfers") for _ in range(2)]
    headers = [json.loads(str(text))["headers"] for text in taken]
    assert [each.get("request_id") for each in headers] == ["trace-123456", None]
