"""The worker and beat processes: `celery --app celery_worker worker`, `… beat`."""

from typing import Any

from celery.signals import worker_init

import config
from zampay.app import celery_of, create_app
from zampay.infra import db, metrics_page, worker

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
