"""What is published by hand is what Celery itself would have published."""

import base64
import json
from typing import Any

import structlog
from flask import Flask

from zampay.infra.database.after_commit import TaskMessage
from zampay.infra.queue.broker import CeleryQueue
from zampay.infra.redis import redis_client

TASK, ARGUMENTS = "transfers.submit", {"transfer_id": "pay_1", "livemode": True}
PER_MESSAGE = {"id", "root_id", "correlation_id", "reply_to", "delivery_tag"}
FOR_PEOPLE = {"argsrepr", "kwargsrepr", "origin"}


def plain(value: Any) -> Any:
    """Without what each message has of its own, and what only people read."""
    if isinstance(value, dict):
        left = value.keys() - PER_MESSAGE - FOR_PEOPLE
        return {name: plain(value[name]) for name in left}
    return value


def taken(app: Flask) -> dict[str, Any]:
    with app.app_context():
        text = redis_client.client().rpop("transfers")
    assert isinstance(text, str)
    message: dict[str, Any] = json.loads(text)
    message["body"] = json.loads(base64.b64decode(message["body"]))
    return message


def test_a_message_is_what_celery_would_publish(app: Flask) -> None:
    structlog.contextvars.clear_contextvars()
    celery = app.extensions["celery"]
    celery.send_task(TASK, kwargs=ARGUMENTS, queue="transfers", retry=False, ignore_result=True)
    theirs = taken(app)
    with app.app_context():
        CeleryQueue(celery).enqueue(TaskMessage(TASK, ARGUMENTS))
    ours = taken(app)
    assert plain(ours) == plain(theirs)
    assert ours["properties"].keys() == theirs["properties"].keys()
    assert ours["headers"].keys() == theirs["headers"].keys()
    for name in ("delivery_tag", "correlation_id"):
        assert len(ours["properties"][name]) >= 32
