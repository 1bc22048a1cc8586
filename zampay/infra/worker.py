"""Celery, configured once: the broker is a doorbell, so that nothing here may matter for money.

No results are kept, a message may be lost or doubled, and a queue may be emptied: rows that owe
work say so in the database. Beat only nudges the sweeps; nudges that grow old are dropped.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sentry_sdk
import sqlalchemy as sa
import structlog
from celery import Celery, Task
from celery.app.amqp import AMQP
from celery.beat import Scheduler
from celery.exceptions import Retry, TaskPredicate
from celery.signals import setup_logging
from flask import Flask
from kombu.connection import Connection
from kombu.entity import Queue

from zampay.infra import database_errors, faults, metrics, redis_client
from zampay.infra.bell import Ring
from zampay.infra.heartbeat import BEAT, WORKER, Pulse
from zampay.kernel import clock

log = structlog.get_logger()
REQUEST_ID = "request_id"
TOLD = ("payment_id", "tenant_id", "delivery_id")
LONGEST_AWAY_S = 5
QUEUES = ("payments", "webhooks")
OUTCOMES = ("done", "retry", "failed")
_BROKER_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "retry_on_timeout": False,
    "interval_start": 0,
    "max_retries": 1,
    "visibility_timeout": 3600,
}


class PromptConnection(Connection):
    """A connection to the broker that is tried again every few seconds, however long the broker
    has been away; Celery's own waits grow to half a minute and cannot be configured.
    """

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        """As kombu's, with shorter waits."""
        waits = {"interval_max": LONGEST_AWAY_S, **kwargs}
        return super().ensure_connection(*args, **waits)  # type: ignore[no-untyped-call]


class PromptAMQP(AMQP):  # type: ignore[misc]
    """Celery's messaging over such connections."""

    Connection = PromptConnection


class PromptCelery(Celery):  # type: ignore[misc]
    """Celery over such connections; whoever rings does not wait as long as whoever listens."""

    amqp_cls = PromptAMQP

    def connection_for_write(self, url: str | None = None, **kwargs: Any) -> Any:
        """As Celery's, with a shorter time-out."""
        options = {"socket_timeout": redis_client.LONGEST_WAIT_S}
        return super().connection_for_write(url, **{"transport_options": options, **kwargs})


class CeleryBell:
    """Rings by publishing to the broker, without retries: the sweep is the retry."""

    def __init__(self, celery: Celery) -> None:
        self._celery = celery

    def ring(self, ring: Ring) -> None:
        """Publish; raises whatever the broker's client raises."""
        asked_by = structlog.contextvars.get_contextvars().get(REQUEST_ID)
        headers = {REQUEST_ID: asked_by} if asked_by else {}
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
    task, scheduler = _task_class(app), _scheduler_class(app)
    celery = PromptCelery("zampay", broker=broker_url, task_cls=task, set_as_current=True)
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
        beat_scheduler=scheduler,
        accept_content=["json"],
    )
    app.extensions["celery"] = celery
    app.extensions["bell"] = CeleryBell(celery)
    return celery


def _task_class(app: Flask) -> type[Task]:
    pulse = Pulse(WORKER)

    class ContextTask(Task):  # type: ignore[misc]
        """A task that finds the application, and the id of the request that rang for it."""

        throws = (Exception,)  # Celery, and Sentry's part for it, would tell it without our context

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            request_id = getattr(self.request, REQUEST_ID, None) or self.request.id
            about = {name: kwargs[name] for name in TOLD if name in kwargs}
            with (
                app.app_context(),
                structlog.contextvars.bound_contextvars(
                    task=self.name, request_id=request_id, **about
                ),
                _measured(self.name),
                _failure_told(),
            ):
                pulse.give()
                return self.run(*args, **kwargs)

    return ContextTask


def _scheduler_class(app: Flask) -> type[Scheduler]:
    pulse = Pulse(BEAT)

    class PulsingScheduler(Scheduler):  # type: ignore[misc]
        """Beat's own schedule, kept in memory, with a sign of life as it ticks."""

        def tick(self, *args: Any, **kwargs: Any) -> Any:
            with app.app_context():
                pulse.give()
            return super().tick(*args, **kwargs)

    return PulsingScheduler


def start_counts(celery: Celery) -> None:
    """Show each of our tasks at zero; see `metrics.start_at_zero`."""
    ours = [name for name in celery.tasks if name.startswith(tuple(QUEUES))]
    metrics.start_at_zero(metrics.TASKS, ours, OUTCOMES)


@contextmanager
def _failure_told() -> Iterator[None]:
    """Log and report a failure while it is known which task, payment and request it is about."""
    try:
        yield
    except TaskPredicate:
        raise  # Celery's own signals, such as Retry
    except sa.exc.SQLAlchemyError as error:
        if not database_errors.is_unavailable(error):
            log.exception("task_failed")
            sentry_sdk.capture_exception(error)
        else:  # the row is still due; the sweep comes again
            says, state = faults.of_database(error), database_errors.sqlstate(error)
            log.warning("database_unavailable", says=says, sqlstate=state)
        raise
    except Exception as error:
        log.exception("task_failed")
        sentry_sdk.capture_exception(error)
        raise


@contextmanager
def _measured(task: str) -> Iterator[None]:
    started_s, outcome = clock.monotonic_s(), "failed"
    try:
        yield
        outcome = "done"
    except Retry:
        outcome = "retry"
        raise
    finally:
        metrics.TASKS.labels(task, outcome).inc()
        metrics.TASK_SECONDS.labels(task).observe(clock.monotonic_s() - started_s)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _keep_our_logging(**_: Any) -> None:
    """Celery must not replace the logging that the application has set up."""


def schedule(celery: Celery, nudges: Mapping[str, float]) -> None:
    """Let beat ring each task every so many seconds; a nudge older than its interval is dropped."""
    celery.conf.beat_schedule = {
        task: {"task": task, "schedule": every_s, "options": {"expires": max(every_s, 5)}}
        for task, every_s in nudges.items()
    }
