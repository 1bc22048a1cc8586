"""One supervised process: started, awaited, stopped, killed, started again; never left behind."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from dev import leftovers
from dev.common import ROOT, DevError, await_condition

_TETHER: Final = Path(__file__).with_name("tether.py")
_TAIL_LINES: Final = 25


@dataclass
class Process:
    """A command that runs from the checkout, in a process group of its own (see tether.py).

    Its output goes to `<directory>/logs/<name>.log`, where each start appends. `user_id` is the
    user to run as, None for our own. It may be started again once it ended; as a context manager
    it is started and stopped. Not thread-safe.
    """

    name: str
    command: Sequence[str]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    stop_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 10.0
    user_id: int | None = None
    _tether: "subprocess.Popen[bytes] | None" = field(default=None, init=False, repr=False)
    _log_from: int = field(default=0, init=False, repr=False)
    _dismissed: bool = field(default=False, init=False, repr=False)

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.directory / "logs" / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """Where its id stands while it runs, which is also the id of its process group."""
        return leftovers.pid_files(self.directory) / f"{self.name}.pid"

    @property
    def pid(self) -> int:
        """The id of the command itself, while it runs."""
        return int(self.pid_file.read_text(encoding="ascii").split()[0])

    @property
    def status(self) -> int | None:
        """Its exit status once it has ended (128 + n for a death by signal n), else None."""
        return None if self._tether is None else self._tether.poll()

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._tether is not None and self._tether.poll() is None

    @property
    def died(self) -> bool:
        """Whether it ended although nobody here asked it to."""
        return self.status is not None and not self._dismissed

    def start(self) -> None:
        """Start it; return once it exists (or has ended already). DevError if it runs."""
        if self.alive:
            raise DevError(f"{self.name} runs already.")
        self._end(signal.SIGTERM)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._log_from = log.tell()
            self._tether = self._tie(log.fileno())
        self._dismissed = False
        try:
            await_condition(
                lambda: leftovers.is_written(self.pid_file) or not self.alive,
                timeout_s=20,
                wanted=f"{self.name} to start",
            )
        except BaseException:
            self.kill()
            raise

    def _tie(self, log: int) -> "subprocess.Popen[bytes]":
        user = "" if self.user_id is None else str(self.user_id)
        terms = [str(self.pid_file), user, str(int(self.stop_signal)), str(self.grace_s)]
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(_TETHER), *terms, *self.command],
            cwd=ROOT,
            env=dict(self.environment),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on, in order
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask it to end, kill what has not ended after the grace time, and wait for that."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """`kill -9` of its whole process group, and wait for the end of it."""
        self._end(signal.SIGUSR1)

    def _end(self, number: signal.Signals) -> None:
        if self._tether is None or self._tether.stdin is None:
            return
        self._dismissed = self._dismissed or self.alive
        self._tether.send_signal(number)
        self._tether.wait()
        self._tether.stdin.close()
        leftovers.end(self.pid_file)  # where somebody killed the tether itself

    def wait(self, *, timeout_s: float) -> int:
        """Its exit status once it has ended by itself; DevError when it does not in time."""
        try:
            await_condition(
                lambda: not self.alive, timeout_s=timeout_s, wanted=f"{self.name} to end"
            )
        finally:
            self._end(signal.SIGTERM)
        self._dismissed = True
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
                raise DevError(self.obituary())
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

    def obituary(self) -> str:
        """What to say when it ended although nobody asked it to."""
        return f"{self.name} ended with status {self.status}.\n{self.tail()}"
