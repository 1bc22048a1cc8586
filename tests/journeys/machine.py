"""A PostgreSQL and a Valkey of the journeys' own, which a journey may stop, kill, start and empty.

PostgreSQL keeps every commit that it acknowledged, also when it is killed (`dev.servers.FAST`).
"""

import contextlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

from dev import postgres, valkey
from dev.environment import await_condition, free_port
from dev.servers import FAST, Servers, credentials_of
from dev.supervisor import Process
from tests.support.processes import is_gone


class Switch:
    """A server that can be put off and on again; it comes back at the same place."""

    def __init__(self, start: Callable[[], Process]) -> None:
        self._start = start
        self._process: Process | None = None

    def on(self) -> None:
        """Return once it answers; nothing happens if it does already."""
        if self._process is None:
            self._process = self._start()
        self.go_on()

    def off(self) -> None:
        """Cut every connection and refuse new ones."""
        if self._process is not None:
            self.go_on()
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """Let it die at once, without writing anything any more (an immediate stop)."""
        if self._process is not None:
            family = self._signal(signal.SIGKILL)
            self._process.stop()
            self._process = None
            await_condition(  # PostgreSQL does not start while a process of the last one lives
                lambda: all(is_gone(one) for one in family),
                timeout_s=20,
                wanted="the end of every process of the server",
            )

    def hang(self) -> None:
        """Keep every connection and answer nothing: what a lost disk or a frozen machine does."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a `hang`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> list[psutil.Process]:
        """Send it to the server and its children; which these are."""
        if self._process is None or not self._process.alive:
            return []
        server = psutil.Process(self._process.pid)
        family = [server, *server.children(recursive=True)]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                process.send_signal(number)
        return family


@dataclass(frozen=True)
class Machine:
    """Both servers; Valkey keeps nothing on disk, so that it always comes back empty."""

    servers: Servers
    postgres: Switch
    valkey: Switch

    def flush_redis(self) -> None:
        with redis.Redis.from_url(self.servers.redis_url) as server:
            server.flushall()

    def on(self) -> None:
        self.postgres.on()
        self.valkey.on()


@contextlib.contextmanager
def machine(directory: Path) -> Iterator[Machine]:
    """Both servers on fresh data, until the end of the block."""
    secrets = credentials_of(directory)
    redis_port, database_port = free_port(), free_port()
    cache = Switch(lambda: _valkey(directory, redis_port, secrets.valkey))
    database = Switch(
        lambda: postgres.start(
            directory, port=database_port, admin_password=secrets.postgres_admin, settings=FAST
        )
    )
    made = Machine(
        Servers.embedded(secrets, database_port=database_port, redis_port=redis_port),
        database,
        cache,
    )
    with contextlib.ExitStack() as ending:
        ending.callback(cache.off)
        ending.callback(database.off)
        made.on()
        made.servers.ensure_role(secrets.postgres_application)
        yield made


def _valkey(directory: Path, port: int, password: str) -> Process:
    process = valkey.start(directory, port=port, password=password)
    valkey.await_ready(process, port=port, password=password)
    return process
