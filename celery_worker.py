"""The worker and beat processes, `zampay worker` and `zampay beat`, for Celery
(`celery --app celery_worker worker`).
"""

from typing import Any

import structlog
from celery.signals import beat_init, celeryd_after_setup, worker_init, worker_shutting_down

import config
from zampay.app import celery_of, create_app
from zampay.infra.database import after_commit, db
from zampay.infra.health import metrics_page
from zampay.infra.queue import worker
from zampay.infra.telemetry import start_log
from zampay.transfers import dispatch
from zampay.webhooks.delivery import attempt, concurrency

log = structlog.get_logger()
settings = config.load()
flask_app = create_app(settings)
with flask_app.app_context():
    db.check_role()

celery_app = celery_of(flask_app)


@worker_init.connect  # type: ignore[untyped-decorator]
def _show_metrics(**_: Any) -> None:
    """A worker has no web server to be asked; beat counts nothing."""
    worker.start_counts(celery_app)
    if settings.metrics_port and settings.metrics_token:
        metrics_page.serve(
            settings.metrics_host, settings.metrics_port, token=settings.metrics_token
        )


@worker_init.connect  # type: ignore[untyped-decorator]
def _deliver_here(**_: Any) -> None:
    """Webhooks of what this worker finds out need no message."""
    after_commit.take_here(flask_app, attempt.TASK, attempt.take)


@celeryd_after_setup.connect  # type: ignore[untyped-decorator]
def _say_that_a_worker_starts(instance: Any, **_: Any) -> None:
    start_log.worker_started(
        celery_app, environment=settings.app_env, concurrency=instance.concurrency
    )


@beat_init.connect  # type: ignore[untyped-decorator]
def _say_that_beat_starts(**_: Any) -> None:
    start_log.beat_started(celery_app, environment=settings.app_env)


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _finish_calls(**_: Any) -> None:
    """What is under way is finished, nothing else is begun."""
    with flask_app.app_context():
        dispatch.dispatcher().stop()
        concurrency.slots().stop()
    log.info("worker_ending")
