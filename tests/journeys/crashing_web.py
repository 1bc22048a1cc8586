"""The real web application, which crashes at its queue: its process group dies after the commit."""

import os
import signal

from wsgi import app
from zampay.infra.database.after_commit import TaskMessage


class CrashingQueue:
    """`kill -9` at the first message, which comes when the transaction has committed."""

    def enqueue(self, _enqueue: TaskMessage) -> None:
        os.killpg(0, signal.SIGKILL)

    def waiting(self) -> int:
        return 0


app.extensions["task_queue"] = CrashingQueue()
