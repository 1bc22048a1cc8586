"""The set of processes that make up a running gateway, supervised: for demo, run and journeys.

MTN simulator, web, worker and beat, each a process group of its own with its log under
`<directory>/logs`; web, worker and beat by the command lines of the Procfile. Any of them can be
stopped, killed and started again, with other settings or another command.
"""

import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import redis
import requests
from celery import Celery
from kombu.exceptions import OperationalError

from dev import procfile, settings
from dev.common import LOOPBACK, DevError, free_port
from dev.credentials import Credentials, credentials_of
from dev.databases import Servers
from dev.process import Process

ALL: Final = ("simulator", "web", "worker", "beat")
"""Every process, in the order in which they start; they stop in the reverse order."""

_READY_S: Final = 60.0  # imports alone take seconds on a busy machine
_GRACE_S: Final = 5.0
_MIGRATION_S: Final = 60.0


class Stack:
    """The processes around one pair of servers; use it as a context manager.

    On leaving the block every process is stopped, politely, then by force; when this program is
    killed, they end too. `port` and `simulator_port` are taken at random unless given;
    `environment` goes to every process.
    """

    def __init__(
        self,
        servers: Servers,
        directory: Path,
        *,
        port: int | None = None,
        simulator_port: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.servers = servers
        self.directory = directory
        self.port = port or free_port()
        self.simulator_port = simulator_port or free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.simulator_url = f"http://{LOOPBACK}:{self.simulator_port}"
        self._processes: dict[str, Process] = {}
        self.environment = {
            **settings.for_gateway(
                servers, self._credentials, port=self.port, simulator_url=self.simulator_url
            ),
            **settings.for_simulator(self._credentials, port=self.simulator_port),
            **(environment or {}),
        }

    @property
    def _credentials(self) -> Credentials:
        self.directory.mkdir(parents=True, exist_ok=True)
        return credentials_of(self.directory)

    def __enter__(self) -> Self:
        for old in (self.directory / "logs").glob("*.log"):
            if old.stem not in {"postgres", "valkey"}:
                old.unlink()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.ExitStack() as ending:
            for process in self._processes.values():
                ending.callback(process.stop)

    def migrate(self) -> None:
        """Bring the database to the newest revision, as a release in production does.

        DevError with the reason when it fails.
        """
        self._run("release", _command("release"))

    def flask(self, *arguments: str) -> str:
        """Run `flask ...` to its end and give what it wrote; DevError unless status 0."""
        return self._run("flask", [sys.executable, "-m", "flask", *arguments])

    def _run(self, name: str, command: Sequence[str]) -> str:
        program = Process(name, command, self.directory, environment=self.environment)
        program.start()
        if program.wait(timeout_s=_MIGRATION_S):
            raise DevError(program.obituary())
        return program.output()

    def start(
        self,
        *names: str,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start processes (all, unless named) and return once they are ready for work.

        `command` and `environment` replace the command and add settings, for this start only.
        DevError with the end of the log when one does not get ready.
        """
        for name in names or ALL:
            if name in self._processes and self._processes[name].alive:
                raise DevError(f"{name} runs already.")
            self._processes[name] = Process(
                name,
                command or _command(name),
                self.directory,
                environment={**self.environment, **(environment or {})},
                grace_s=_GRACE_S,
            )
            self._processes[name].start()
        for name in names or ALL:
            self._await_ready(self._processes[name])

    def process(self, name: str) -> Process:
        """The process of this name, once it was started."""
        return self._processes[name]

    def stop(self, name: str) -> None:
        """Stop one process politely, by force when it takes too long."""
        self._processes[name].stop()

    def kill(self, name: str) -> None:
        """`kill -9` one process with all its children."""
        self._processes[name].kill()

    def require_alive(self) -> None:
        """DevError with the end of its log when a process ended that nobody ended."""
        for process in self._processes.values():
            if process.died:
                raise DevError(process.obituary())

    def _await_ready(self, process: Process) -> None:
        if process.name == "simulator":
            process.await_log("MTN simulator ready on ", timeout_s=_READY_S)
        elif process.name == "web":
            process.await_ready(self._web_answers, wanted="the web process", timeout_s=_READY_S)
        elif process.name == "worker":
            process.await_ready(self._worker_answers, wanted="the worker", timeout_s=_READY_S)

    def _web_answers(self) -> bool:
        with contextlib.suppress(requests.RequestException), requests.Session() as session:
            session.trust_env = False  # no proxy stands between this machine and itself
            return session.get(f"{self.url}/health/live", timeout=1).ok
        return False

    def _worker_answers(self) -> bool:
        # Celery pools its connections: one may have gone with the server that was here before.
        with (
            contextlib.suppress(OperationalError, redis.ConnectionError),
            Celery(broker=self.environment["REDIS_URL"]) as celery,
        ):
            return bool(celery.control.broadcast("ping", reply=True, limit=1, timeout=0.3))
        return False


def _command(name: str) -> Sequence[str]:
    if name == "simulator":
        return [sys.executable, "-m", "zampay.simulators.mtn"]
    return procfile.shell(procfile.read()[name])
