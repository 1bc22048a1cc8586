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
    """Everything that runs because of this test process, but the watchdog of its children."""
    found = set()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if not is_gone(child) and "dev.supervisor" not in child.cmdline():
                found.add(child)
    return found


def names(processes: Iterable[psutil.Process]) -> set[str]:
    """The names of those that still run."""
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.add(process.name())
    return found
