"""Celery, configured once: the broker is a doorbell, so that nothing here may matter for money.

No results are kept, a message may be lost or doubled, and a queue may be emptied: rows that owe
work say so in the database. Beat only nudges the sweeps; nudges that grow old are dropped.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from celery import Celery, Task
from celery.signals import setup_logging
from flask import Flask, g, has_request_context
from kombu.entity import Queue

from zampay.infra.bell import Ring

QUEUES = ("payments", "webhooks")
_BROKER_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "retry_on_timeout": False,
    "interval_start": 0,
    "max_retries": 1,
    "visibility_timeout": 3600,
}


class CeleryBell:
    """Rings by publishing to the broker, without retries: the sweep is the retry."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery

    def ring(self, ring: Ring) -> None:
        """Publish; raises whatever the broker's client raises."""
        headers = {"request_id": g.request_id} if has_request_context() else {}
        self._celery.send_task(
            ring.task,
            kwargs=ring.arguments,
            queue=ring.feature,
            retry=False,
            ignore_result=True,
            headers=headers,
        )

    def waiting(self, feature: str) -> int:
        """Rings that nobody has heard yet: the length of the queue's list in Redis."""
        with self._celery.connection_for_read() as connection:
            length: int = connection.default_channel.client.llen(feature)
        return length


def init(app: Flask, *, broker_url: str) -> Celery:
    """The application's Celery; its tasks run inside the application's context."""

    class ContextTask(Task):  # type: ignore[misc]
        """A task that finds the application, and the id of the request that rang for it."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            request_id = getattr(self.request, "request_id", None) or self.request.id
            with (
                app.app_context(),
                structlog.contextvars.bound_contextvars(task=self.name, request_id=request_id),
            ):
                return self.run(*args, **kwargs)

    celery = Celery("zampay", broker=broker_url, task_cls=ContextTask, set_as_current=True)
    celery.conf.update(
        task_queues=[Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call]
        task_default_queue=QUEUES[0],
        task_routes={f"{name}.*": {"queue": name} for name in QUEUES},
        task_ignore_result=True,
        task_publish_retry=False,
        broker_transport_options=_BROKER_OPTIONS,
        broker_connection_timeout=1,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        beat_scheduler="celery.beat:Scheduler",
        accept_content=["json"],
    )
    app.extensions["celery"] = celery
    app.extensions["bell"] = CeleryBell(celery)
    return celery


@setup_logging.connect  # type: ignore[untyped-decorator]
def _keep_our_logging(**_: Any) -> None:
    """Celery must not replace the logging that the application has set up."""


def schedule(celery: Celery, nudges: Mapping[str, float]) -> None:
    """Let beat ring each task every so many seconds; a nudge older than its interval is dropped."""
    celery.conf.beat_schedule = {
        task: {"task": task, "schedule": every_s, "options": {"expires": max(every_s, 5)}}
        for task, every_s in nudges.items()
    }
