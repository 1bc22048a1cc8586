"""A Celery task that does nothing, on the same broker as the gateway's."""

import os

from celery import Celery

app = Celery("ruler", broker=os.environ["REDIS_URL"])
app.conf.update(task_ignore_result=True, task_default_queue="ruler", worker_prefetch_multiplier=64)


@app.task(name="no_op")
def no_op(**_: str) -> None:
    """Nothing."""
