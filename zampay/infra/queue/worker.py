"""Celery, configured once: the broker only makes work quick, and money never depends on it.

No results are kept, a message may be lost or doubled, and a queue may be emptied: rows that owe
work say so in the database. No message says until when it is good, or from when on: the clock of
another host would judge it.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from celery import Celery, Task
from celery.signals import setup_logging
from flask import Flask
from kombu.entity import Queue

from zampay.infra.queue import beat, task_runs
from zampay.infra.queue.broker import REQUEST_ID, CeleryQueue, PromptCelery
from zampay.infra.queue.heartbeat import WORKER, Pulse
from zampay.infra.telemetry import metrics

TOLD = ("transfer_id", "tenant_id", "endpoint_id")
FEATURES = ("transfers", "webhooks")
QUEUES = (*FEATURES, beat.QUEUE)
DEADLINES = frozenset({"countdown", "eta", "expires"})
OUTCOMES = ("done", "retry", "failed")
_BROKER_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "retry_on_timeout": False,
    "interval_start": 0,
    "max_retries": 1,
}


class DeadlineInMessage(AssertionError):
    """A message would say when it is good, which the clock of whoever takes it would judge. The
    row's `due_at` says it, in the database's time.
    """


def init(app: Flask, *, broker_url: str) -> Celery:
    """The application's Celery; its tasks run inside the application's context."""
    task = _task_class(app)
    celery = PromptCelery("zampay", broker=broker_url, task_cls=task, set_as_current=True)
    celery.conf.update(
        task_queues=[_queue(name) for name in QUEUES],
        task_default_queue=FEATURES[0],
        task_routes={f"{name}.*": {"queue": name} for name in FEATURES},
        task_ignore_result=True,
        task_publish_retry=False,
        broker_transport_options=_BROKER_OPTIONS,
        broker_connection_timeout=1,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        beat_scheduler=beat.scheduler_class(app),
        accept_content=["json"],
    )
    app.extensions["celery"] = celery
    app.extensions["task_queue"] = CeleryQueue(celery)
    return celery


def _queue(name: str) -> Queue:
    """A queue whose messages are gone once they are taken. To keep each until its task has ended
    costs two more trips to Redis; the sweep finds what a worker that died had taken.
    """
    return Queue(name, no_ack=True)  # type: ignore[no-untyped-call]


def _task_class(app: Flask) -> type[Task]:
    pulse = Pulse(WORKER)

    class ContextTask(Task):  # type: ignore[misc]
        """A task that finds the application, and the id of the request that rang for it."""

        is_measured = True  # False where a task only hands its work over
        throws = (Exception,)  # Celery, and Sentry's part for it, would tell it without our context

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            request_id = getattr(self.request, REQUEST_ID, None) or self.request.id
            about = {name: kwargs[name] for name in TOLD if name in kwargs}
            with (
                app.app_context(),
                structlog.contextvars.bound_contextvars(request_id=request_id),
                task_runs.told(self.name, about, is_measured=self.is_measured),
            ):
                pulse.give()
                return self.run(*args, **kwargs)

        def apply_async(self, *args: Any, **options: Any) -> Any:
            """As Celery's.

            Raises:
                DeadlineInMessage: a defect in the caller.
            """
            if found := sorted(name for name in DEADLINES if options.get(name) is not None):
                raise DeadlineInMessage(f"{self.name}: {', '.join(found)}")
            return super().apply_async(*args, **options)

    return ContextTask


def start_counts(celery: Celery) -> None:
    """Show each of our tasks at zero; see `metrics.start_at_zero`."""
    ours = [name for name in celery.tasks if name.startswith(FEATURES)]
    metrics.start_at_zero(metrics.TASKS, ours, OUTCOMES)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _keep_our_logging(**_: Any) -> None:
    """Celery must not replace the logging that the application has set up."""


def schedule(celery: Celery, tasks: Mapping[str, float]) -> None:
    """Let beat enqueue each task every so many seconds."""
    celery.conf.beat_schedule = {
        task: {"task": task, "schedule": beat.every(every_s), "options": {"queue": beat.QUEUE}}
        for task, every_s in tasks.items()
    }
