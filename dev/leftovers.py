"""Ends what an earlier program left running: one whose tethers were killed with it.

Tethers end their processes when the starter dies (see tether.py), so this finds something only
after somebody killed those as well. A process is recognised by its pid file and by having started
when that was written: an id that was given to another process since is left alone.
"""

import contextlib
import os
import signal
from pathlib import Path
from typing import Final

import psutil

_GRACE_S: Final = 10.0
_START_TO_FILE_S: Final = 5.0


def pid_files(directory: Path) -> Path:
    """The folder of the pid files of a data directory."""
    return directory / "processes"


def is_written(pid_file: Path) -> bool:
    """Whether a pid file is complete: "<process id> <signal that stops it>" and a line end."""
    with contextlib.suppress(FileNotFoundError):
        return pid_file.read_bytes().endswith(b"\n")
    return False


def end_all(directory: Path) -> None:
    """End every process that an earlier program left running on this data directory."""
    for pid_file in pid_files(directory).glob("*.pid"):
        end(pid_file)


def end(pid_file: Path) -> None:
    """End the process of a pid file and its group, if it is still that process."""
    process = _process_of(pid_file)
    if process is not None:
        stop_signal = int(pid_file.read_text(encoding="ascii").split()[1])
        with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            process.send_signal(stop_signal)
            process.wait(_GRACE_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    pid_file.unlink(missing_ok=True)


def _process_of(pid_file: Path) -> psutil.Process | None:
    if not is_written(pid_file):
        return None
    try:
        process = psutil.Process(int(pid_file.read_text(encoding="ascii").split()[0]))
        age_at_writing_s = pid_file.stat().st_mtime - process.create_time()
    except psutil.NoSuchProcess:
        return None
    return process if abs(age_at_writing_s) < _START_TO_FILE_S else None
