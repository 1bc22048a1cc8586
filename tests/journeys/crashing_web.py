"""The real web application, which crashes at its queue: its process group dies after the commit."""

import os
import signal

from wsgi import app
from zampay.infra.database.after_commit import TaskMessage, TaskQueue


class CrashingQueue:
    """`kill -9` at the first message for a send, which comes when a payment has been committed.

    A callback for an earlier payment enqueues a poll: that message is lost, and nobody dies of it.
    """

    def enqueue(self, message: TaskMessage) -> None:
        if message.task == "transfers.submit":
            os.killpg(0, signal.SIGKILL)


queue: TaskQueue = CrashingQueue()
app.extensions["task_queue"] = queue
