"""The processes of a running gateway, for demo, run and journeys: what the Procfile says.

A simulator stands in for each network. Any process can be stopped, killed and started again,
with other settings or another command; their logs are under `<directory>/logs`.
"""

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import redis
import requests
from celery import Celery
from honcho.environ import parse_procfile
from kombu.exceptions import OperationalError

from dev.environment import LOOPBACK, ROOT, DevError, free_port
from dev.networks import SETUPS, keys_of, ports
from dev.servers import Servers, credentials_of
from dev.supervisor import Process

ALL: Final = ("simulator", "web", "worker", "beat")
"""Every process, in the order in which they start; they stop in the reverse order."""

PROCFILE: Final[Mapping[str, str]] = parse_procfile(
    (ROOT / "Procfile").read_text(encoding="utf-8")
).processes
"""Process name to its command line, for a shell."""

ZAMPAY: Final = (sys.executable, "-m", "zampay")
"""The command `zampay`, of this Python."""

_READY_S: Final = 60.0  # imports alone take seconds on a busy machine
_GRACE_S: Final = 5.0
_MIGRATION_S: Final = 60.0


def shell(command_line: str) -> list[str]:
    """How to run a command line so that signals reach the program and not a shell around it."""
    return ["sh", "-c", f"exec env {command_line}"]


def base_environment() -> dict[str, str]:
    """The developer's own environment, with the programs of this Python's virtualenv first."""
    programs = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "",  # compiling everything anew doubles the time of each start
        "NO_PROXY": LOOPBACK,
    }


class Stack:
    """The processes around one pair of servers; use it as a context manager.

    On leaving the block every process is stopped; when this program is killed, they end too.
    `port` and `simulator_port` (the first simulator's) are taken at random unless given;
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
        self.url = f"http://{LOOPBACK}:{self.port}"
        free = {setup.network: free_port() for setup in SETUPS}
        self._simulator_ports = ports(simulator_port) if simulator_port else free
        self.simulator_urls = {
            network: f"http://{LOOPBACK}:{port}" for network, port in self._simulator_ports.items()
        }
        """Where the simulator of each network is, by the network's code."""
        self._processes: dict[str, Process] = {}
        directory.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **base_environment(),
            **self._settings(),
            **self._network_settings(),
            **(environment or {}),
        }

    def _settings(self) -> dict[str, str]:
        """What production sets, with this machine's addresses."""
        return {
            "APP_ENV": "development",
            "HOST": LOOPBACK,
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "1",  # a second process doubles the time of each start
            "DATABASE_URL": self.servers.database_url,
            "REDIS_URL": self.servers.redis_url,
            "SECRET_KEY": credentials_of(self.directory).secret_key,
        }

    def _network_settings(self) -> dict[str, str]:
        """Each network as the gateway is told of it, and its simulator's side."""
        keys = keys_of(self.directory)
        found: dict[str, str] = {}
        for setup in SETUPS:
            code = setup.network
            url, port = self.simulator_urls[code], self._simulator_ports[code]
            found |= setup.for_gateway(simulator=url, gateway=self.url, keys=keys[code])
            found |= setup.for_simulator(
                host=LOOPBACK, port=port, gateway=self.url, keys=keys[code]
            )
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.ExitStack() as ending:
            for process in self._processes.values():
                ending.callback(process.stop)

    def migrate(self) -> None:
        """Bring the database to the newest revision, as a release in production does.

        DevError with the reason when it fails.
        """
        self._run("release", shell(PROCFILE["release"]))

    def zampay(self, *arguments: str) -> str:
        """Run `zampay …` to its end and give what it wrote; DevError unless status 0."""
        return self._run("zampay", [*ZAMPAY, *arguments])

    def _run(self, name: str, command: Sequence[str]) -> str:
        program = Process(name, command, self.directory, environment=self.environment)
        program.start()
        if program.wait(timeout_s=_MIGRATION_S):
            raise DevError(program.exit_report())
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
        """DevError with the end of its log when a process ended unasked."""
        for process in self._processes.values():
            if process.died:
                raise DevError(process.exit_report())

    def _await_ready(self, process: Process) -> None:
        if process.name == "simulator":
            for setup in SETUPS:
                process.await_log(f"{setup.network} simulator ready on ", timeout_s=_READY_S)
        elif process.name == "web":
            process.await_ready(self.web_answers, wanted="the web process", timeout_s=_READY_S)
        elif process.name == "worker":
            process.await_ready(self._worker_answers, wanted="the worker", timeout_s=_READY_S)

    def web_answers(self) -> bool:
        """Whether the web process is up."""
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
        return [*ZAMPAY, "simulate"]
    return shell(PROCFILE[name])
