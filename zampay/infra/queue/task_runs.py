"""One measurement for every run of a task, and one line and one report for every one that fails,
wherever it runs: in Celery's threads or in those of our own.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import sentry_sdk
import sqlalchemy as sa
import structlog
from celery.exceptions import Retry, TaskPredicate

from zampay.infra.database import database_errors
from zampay.infra.telemetry import error_text, metrics
from zampay.kernel import clock

log = structlog.get_logger()


@contextmanager
def told(task: str, about: Mapping[str, str], *, is_measured: bool = True) -> Iterator[None]:
    """Log and report a failure of the block while it is known which task and payment it was."""
    with structlog.contextvars.bound_contextvars(task=task, **about):
        started_s, outcome = clock.monotonic_s(), "failed"
        try:
            yield
            outcome = "done"
        except TaskPredicate as signal:  # Celery's own signals, such as Retry
            outcome = "retry" if isinstance(signal, Retry) else outcome
            raise
        except Exception as error:
            _log(error)
            raise
        finally:
            if is_measured or outcome == "failed":
                metrics.TASKS.labels(task, outcome).inc()
                metrics.TASK_SECONDS.labels(task).observe(clock.monotonic_s() - started_s)


def _log(error: Exception) -> None:
    if isinstance(error, sa.exc.SQLAlchemyError) and database_errors.is_unavailable(error):
        # The row is still due; the sweep comes again.
        says, state = error_text.of_database(error), database_errors.sqlstate(error)
        log.warning("database_unavailable", says=says, sqlstate=state)
        return
    log.error("task_failed", exc_info=error)
    sentry_sdk.capture_exception(error)
