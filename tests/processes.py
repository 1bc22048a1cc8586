"""Looking at processes while they end: each may be gone between one question and the next."""

import contextlib
from collections.abc import Iterable

import psutil


def is_gone(process: psutil.Process) -> bool:
    """Whether it has ended; the dead that nobody collected do not count."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def offspring() -> set[psutil.Process]:
    """Everything that runs because of this test process."""
    children = psutil.Process().children(recursive=True)
    return {child for child in children if not is_gone(child)}


def names(processes: Iterable[psutil.Process]) -> set[str]:
    """The names of those that still run."""
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.add(process.name())
    return found
