"""Enqueue tasks after the commit. The row is the job; the message only makes it quick.

A message that is lost costs nothing but time: the sweep finds the row when it is due.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from flask import Flask, current_app

from zampay.infra.redis import redis_client
from zampay.infra.telemetry import metrics

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TaskMessage:
    """A task to run soon: its registered name and its keyword arguments (plain JSON)."""

    task: str
    arguments: dict[str, Any]

    @property
    def feature(self) -> str:
        """The feature whose task it is; each has a queue of its own, so that none waits behind
        another's backlog.
        """
        return self.task.partition(".")[0]


class TaskQueue(Protocol):
    """Whatever carries messages to workers."""

    def enqueue(self, message: TaskMessage) -> None:
        """Send one message, or raise."""


def take_here(app: Flask, task: str, take: Callable[..., bool]) -> None:
    """Let this process begin such a task at once where it can: `take` gets the message's arguments,
    says whether it has begun, and does not wait. What it does not take is sent.
    """
    app.extensions.setdefault("takers", {})[task] = take


def _is_taken(message: TaskMessage) -> bool:
    take = current_app.extensions.get("takers", {}).get(message.task)
    return take is not None and take(**message.arguments)


def send(messages: list[TaskMessage]) -> None:
    """Send all; a broker that is down costs one warning and never an error."""
    try:
        for message in messages:
            if _is_taken(message):
                continue
            with redis_client.unless_it_hangs():
                current_app.extensions["task_queue"].enqueue(message)
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the row is due
        metrics.ENQUEUE_FAILURES.inc()
        log.warning(
            "enqueue_failed",
            tasks=[message.task for message in messages],
            reason=type(error).__name__,
        )
