"""Work for a pool of threads, begun or refused: a machine may have no thread left to give."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor


class NoThread(RuntimeError):
    """No thread is to be had; the work is not done."""


def submit(executor: Executor, work: Callable[[], None]) -> None:
    """Let the executor do the work, or raise and never do it. An executor that finds no thread
    raises, too, but keeps the work for one of its threads that may come free.

    Raises:
        NoThread: whoever holds something for this work gives it back.
    """
    first = threading.Lock()

    def once() -> None:
        if first.acquire(blocking=False):
            work()

    try:
        executor.submit(once)
    except RuntimeError as error:
        if first.acquire(blocking=False):
            raise NoThread(str(error)) from error
