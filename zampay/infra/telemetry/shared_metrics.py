"""Where the web processes of one server keep their counts, so that any of them can tell the sum.

prometheus_client decides at its import whether it shares, by PROMETHEUS_MULTIPROC_DIR; this module
therefore imports nothing of it, and `wsgi.py` calls `prepare` before everything else.
"""

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = f"zampay-metrics-{os.getuid()}-"
_prepared: set[tuple[int, str]] = set()


def prepare() -> None:
    """Name a directory that all workers of this server share, unless the environment names one.

    The workers of one server have one parent; directories of servers that are gone are removed.
    A second call in one process changes nothing: what has been counted since is not forgotten.
    """
    if (os.getpid(), os.environ.get(VARIABLE, "")) in _prepared:
        return
    _prepare()
    _prepared.add((os.getpid(), os.environ.get(VARIABLE, "")))


def _prepare() -> None:
    if os.environ.get(VARIABLE):
        named = Path(os.environ[VARIABLE])
        with contextlib.suppress(OSError):  # what is only watched does not stop the start
            named.mkdir(mode=0o700, parents=True, exist_ok=True)
            _begin(named)
        return
    place = Path(tempfile.gettempdir())
    _remove_abandoned(place)
    shared = place / f"{_PREFIX}{os.getppid()}"
    try:
        shared.mkdir(mode=0o700, exist_ok=True)
    except OSError:  # no room, no right: each process counts for itself
        return
    found = shared.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise SystemExit(f"{shared} belongs to somebody else; set {VARIABLE} to a directory.")
    os.environ[VARIABLE] = str(shared)
    _begin(shared)


def _begin(shared: Path) -> None:
    """Have no present yet. A container that starts again has its old files and its old process ids,
    and prometheus_client would go on from the gauges of the dead process with our id.
    """
    forget_the_dead(shared)
    for file in shared.glob(f"gauge_*_{os.getpid()}.db"):
        file.unlink(missing_ok=True)


def _remove_abandoned(place: Path) -> None:
    for old in place.glob(f"{_PREFIX}*"):
        number = old.name.removeprefix(_PREFIX)
        if number.isdigit() and not is_running(int(number)):
            shutil.rmtree(old, ignore_errors=True)


def is_running(pid: int) -> bool:
    """Whether there is a process with this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def directory() -> Path | None:
    """Where the counts are kept, if they are shared."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def forget_the_dead(shared: Path) -> None:
    """Drop what processes that have ended said of their present; what they counted stays."""
    for file in shared.glob("gauge_*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not is_running(int(pid)):
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)
