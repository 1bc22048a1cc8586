"""Messages: enqueued once, only after the commit, and never dearer than a warning."""

import base64
import json

import pytest
import redis
from flask import Flask
from kombu.exceptions import OperationalError

from tests.support.fakes import HeldQueue
from zampay.infra.database import after_commit
from zampay.infra.database.after_commit import TaskMessage
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.infra.queue import broker
from zampay.infra.redis.redis_client import client


class Rolled(Exception):
    """Undoes a transaction."""


def test_a_ring_is_sent_once_and_after_the_commit(app: Flask, task_queue: HeldQueue) -> None:
    with app.app_context():
        with transaction(EVERY_TENANT) as tx:
            tx.enqueue("transfers.submit", transfer_id="pay_1")
            with tx.session.begin_nested():
                tx.enqueue("transfers.poll", transfer_id="pay_1")
            assert task_queue.held == []
        assert task_queue.tasks == ["transfers.submit", "transfers.poll"]


def test_nothing_is_enqueued_for_what_was_rolled_back(app: Flask, task_queue: HeldQueue) -> None:
    def enqueue_and_fail() -> None:
        with transaction(EVERY_TENANT) as tx:
            tx.enqueue("transfers.submit", transfer_id="pay_1")
            raise Rolled

    with app.app_context():
        with pytest.raises(Rolled):
            enqueue_and_fail()
        with transaction(EVERY_TENANT):
            pass
    assert task_queue.held == []


def test_a_broker_that_is_down_costs_a_warning_and_no_error(
    app: Flask, task_queue: HeldQueue, caplog: pytest.LogCaptureFixture
) -> None:
    task_queue.broken = True
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.enqueue("transfers.submit", transfer_id="pay_1")
    assert caplog.text.count("enqueue_failed") == 1


def test_the_real_queue_survives_a_broker_that_is_down(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = redis.Redis.from_url("redis://127.0.0.1:1/0")
    monkeypatch.setitem(app.extensions, "redis", nowhere)
    with app.app_context():
        after_commit.send([TaskMessage("transfers.submit", {"transfer_id": "pay_1"})])
    assert caplog.text.count("enqueue_failed") == 1


def test_the_real_queue_leaves_one_message_with_task_and_arguments(app: Flask) -> None:
    with app.app_context():
        after_commit.send(
            [TaskMessage("transfers.submit", {"transfer_id": "pay_1", "tenant_id": "ten_1"})]
        )
        queues = [key for key in client().scan_iter() if client().type(key) == "list"]
        assert len(queues) == 1
        [message] = client().lrange(queues[0], 0, -1)
    found = json.loads(message)
    assert found["headers"]["task"] == "transfers.submit"
    assert json.loads(base64.b64decode(found["body"]))[1]["transfer_id"] == "pay_1"
    assert found["headers"]["eta"] is None


def test_a_broker_that_is_away_for_long_is_tried_every_few_seconds(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []

    def note(_: Exception, wait_s: float) -> None:
        waits.append(wait_s)

    monkeypatch.setattr("kombu.utils.functional.sleep", lambda _: None)
    nowhere = app.extensions["celery"].connection_for_read("redis://127.0.0.1:1/0")
    with nowhere, pytest.raises(OperationalError):
        nowhere.ensure_connection(note, 30)
    assert len(waits) == 30
    assert max(waits) == broker.LONGEST_AWAY_S
