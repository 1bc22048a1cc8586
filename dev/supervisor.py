"""Child processes that are started, awaited, stopped and killed, and that never outlive us.

Each runs in a session of its own and is named by a pid file. A watchdog (this module as a program)
reads the names of those files from a pipe that only we hold: when we end, also by `kill -9`, the
pipe closes, and the watchdog stops what the files name. If the watchdog was killed too, the next
program on the same data directory does its work (`stop_stale`).
"""

import atexit
import contextlib
import functools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import psutil

from dev.environment import ROOT, DevError, await_condition, write_private

_TAIL_LINES: Final = 25
_STALE_GRACE_S: Final = 10.0
_START_TO_FILE_S: Final = 5.0


@dataclass
class Process:
    """A command that runs from the checkout, with its output in `<directory>/logs/<name>.log`.

    Each start appends to the log. `user_id` is the user to run as, None for our own. It may be
    started again once it ended; as a context manager it is started and stopped. Not thread-safe.
    """

    name: str
    command: Sequence[str]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    stop_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 10.0
    user_id: int | None = None
    _child: "subprocess.Popen[bytes] | None" = field(default=None, init=False, repr=False)
    _log_from: int = field(default=0, init=False, repr=False)
    _is_over: bool = field(default=False, init=False, repr=False)

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.directory / "logs" / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """Where its id stands while it runs, which is also the id of its process group."""
        return self.directory / "processes" / f"{self.name}.pid"

    @property
    def pid(self) -> int:
        """Its id, once it was started."""
        assert self._child is not None
        return self._child.pid

    @property
    def status(self) -> int | None:
        """Its exit status once it has ended (128 + n for a death by signal n), else None."""
        code = None if self._child is None else self._child.poll()
        return 128 - code if code is not None and code < 0 else code

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    @property
    def died(self) -> bool:
        """Whether it ended unasked."""
        return self.status is not None and not self._is_over

    def start(self) -> None:
        """Start it. DevError if it runs."""
        if self.alive:
            raise DevError(f"{self.name} runs already.")
        self.kill()  # children that outlived an earlier run
        for file in (self.log, self.pid_file):
            file.parent.mkdir(parents=True, exist_ok=True)
        _watch(self.pid_file)
        with self.log.open("ab") as log:
            self._log_from = log.tell()
            self._child = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on, in order
                user=self.user_id,
                group=self.user_id,
                extra_groups=None if self.user_id is None else [],
            )
        write_private(self.pid_file, f"{self._child.pid} {int(self.stop_signal)}")
        self._is_over = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask it to end, kill what has not ended after the grace time, and wait for that."""
        if self._child is not None and self.alive:
            self._is_over = True
            self._child.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(self.grace_s)
        self.kill()

    def kill(self) -> None:
        """`kill -9` of its whole process group, and wait for the end of it."""
        if self._child is not None and self.pid_file.exists():
            self._is_over = self._is_over or self.alive
            if self.alive or _is_the_same(self.pid, self.pid_file):
                _kill_group(self.pid)
            self._child.wait()
            self.pid_file.unlink(missing_ok=True)

    def wait(self, *, timeout_s: float) -> int:
        """Its exit status once it has ended by itself; DevError when it does not in time."""
        try:
            await_condition(
                lambda: not self.alive, timeout_s=timeout_s, wanted=f"{self.name} to end"
            )
        finally:
            self.stop()
        self._is_over = True
        return self.status or 0

    def await_ready(
        self, condition: Callable[[], bool], *, wanted: str, timeout_s: float = 30
    ) -> None:
        """Return as soon as `condition` is true.

        DevError with the end of the log when it is not in time, and at once when the process
        ends before.
        """

        def holds() -> bool:
            alive = self.alive  # asked first: what it did just before its end still counts
            if condition():
                return True
            if not alive:
                raise DevError(self.exit_report())
            return False

        try:
            await_condition(holds, timeout_s=timeout_s, wanted=wanted)
        except DevError:
            if self.alive:
                print(self.tail(), file=sys.stderr)
            raise

    def await_log(self, pattern: str, *, timeout_s: float = 30) -> "re.Match[str]":
        """The first match of `pattern` in what it wrote since its last start."""
        self.await_ready(
            lambda: re.search(pattern, self.output()) is not None,
            wanted=f"{self.name} to write {pattern!r}",
            timeout_s=timeout_s,
        )
        match = re.search(pattern, self.output())
        assert match is not None
        return match

    def output(self) -> str:
        """What it wrote since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_from)
            return log.read().decode(errors="replace")

    def tail(self) -> str:
        """The last lines of what it wrote, under a line that says where all of it is."""
        lines = self.output().splitlines()[-_TAIL_LINES:]
        return "\n".join([f"The end of {self.log}:", *lines])

    def exit_report(self) -> str:
        """What to say when it ended unasked."""
        return f"{self.name} ended with status {self.status}.\n{self.tail()}"


def stop_stale(directory: Path) -> None:
    """Stop every process that an earlier program left running on this data directory."""
    _stop_all((directory / "processes").glob("*.pid"))


def _stop_all(pid_files: Iterable[Path]) -> None:
    """Stop what the files name, all at once, and kill what is left of each process group."""
    running = {}
    for pid_file in pid_files:
        with contextlib.suppress(FileNotFoundError):
            pid, number = map(int, pid_file.read_text(encoding="ascii").split())
            if _is_the_same(pid, pid_file):
                running[pid] = number
            pid_file.unlink()
    for pid, number in running.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    with contextlib.suppress(DevError):
        await_condition(
            lambda: not any(map(_runs, running)), timeout_s=_STALE_GRACE_S, wanted="their end"
        )
    for pid in running:
        _kill_group(pid)


def _is_the_same(pid: int, pid_file: Path) -> bool:
    """Whether the id still means what it meant when the file was written, not a later process."""
    try:
        age_at_writing_s = pid_file.stat().st_mtime - psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return True  # its children may be left; until they end, no other process gets the id
    return abs(age_at_writing_s) < _START_TO_FILE_S


def _runs(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # none left (macOS: latter)
        os.killpg(pid, signal.SIGKILL)


def _watch(pid_file: Path) -> None:
    pipe = _watchdog().stdin
    assert pipe is not None
    pipe.write(f"{pid_file.resolve()}\n".encode())
    pipe.flush()


@functools.cache
def _watchdog() -> "subprocess.Popen[bytes]":
    watchdog = subprocess.Popen(
        [sys.executable, "-m", "dev.supervisor"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    atexit.register(watchdog.communicate)
    return watchdog


if __name__ == "__main__":
    _stop_all({Path(name) for name in sys.stdin.read().splitlines()})
