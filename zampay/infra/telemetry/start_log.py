"""One line when a worker or beat starts, so that its log says that it runs, which version, and what
it does. Web's own server says when it starts.
"""

from typing import Any

import structlog
from celery import Celery

import zampay

log = structlog.get_logger()


def worker_started(celery: Celery, *, environment: str, concurrency: int) -> None:
    """Say which queues this worker hears, and how many calls it has under way at once."""
    log.info(
        "worker_started",
        version=zampay.__version__,
        environment=environment,
        queues=[queue.name for queue in celery.conf.task_queues],
        concurrency=concurrency,
    )


def beat_started(celery: Celery, *, environment: str) -> None:
    """Say what beat enqueues, and every how many seconds."""
    schedule: dict[str, Any] = celery.conf.beat_schedule
    log.info(
        "beat_started",
        version=zampay.__version__,
        environment=environment,
        schedule_s={
            name: entry["schedule"].run_every.total_seconds() for name, entry in schedule.items()
        },
    )
