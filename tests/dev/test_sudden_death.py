"""`kill -9` of the program that started the servers: all end, and no commit is lost."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from dev import postgres
from dev.environment import ROOT, await_condition, free_port
from dev.servers import DURABLE, FAST, Servers, credentials_of, servers
from dev.supervisor import Process
from tests.support.processes import is_gone, names

STARTER = """
import sys, time
from pathlib import Path
import psycopg
from dev.servers import servers
with servers(Path(sys.argv[1])) as started:
    with psycopg.connect(started.database_url) as link:
        link.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    print("ready", flush=True)
    time.sleep(60)
"""


@contextmanager
def starter(directory: Path) -> Iterator[psutil.Process]:
    command = [sys.executable, "-c", STARTER, str(directory)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"ready\n"
        try:
            yield psutil.Process(program.pid)
        finally:
            program.kill()


def test_the_servers_end_with_the_program_that_started_them(directory: Path) -> None:
    with starter(directory) as program:
        family = program.children(recursive=True)
        assert {"postgres", "valkey-server"} <= names(family)
        program.kill()
    await_condition(
        lambda: all(is_gone(process) for process in family),
        timeout_s=20,
        wanted="every process of the starter to end",
    )


@pytest.mark.long
def command_line(process: psutil.Process) -> list[str]:
    """Its command; of a short-lived child that has ended meanwhile (such as a checkpoint), none."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


@pytest.mark.parametrize("also_watchdog", [False, True], ids=["starter", "starter and watchdog"])
def test_the_next_start_recovers(directory: Path, also_watchdog: bool) -> None:  # noqa: FBT001
    with starter(directory) as program:
        family = program.children(recursive=True)
        watchdogs = [one for one in family if "dev.supervisor" in command_line(one)]
        assert len(watchdogs) == 1
        for victim in [program, *(watchdogs if also_watchdog else [])]:
            victim.send_signal(signal.SIGKILL)
    with servers(directory) as started:
        assert answer(started) == 42
        assert all(is_gone(process) for process in family)


@pytest.mark.parametrize("settings", [FAST, DURABLE], ids=["fast", "durable"])
def test_an_immediate_stop_of_postgresql_loses_no_acknowledged_commit(
    directory: Path, settings: Mapping[str, str]
) -> None:
    def start() -> Process:
        return postgres.start(
            directory, port=port, admin_password=credentials.postgres_admin, settings=settings
        )

    port, credentials = free_port(), credentials_of(directory)
    url = f"postgresql://{postgres.ADMIN}:{credentials.postgres_admin}@127.0.0.1:{port}/postgres"
    server, acknowledged = start(), 0
    try:
        with psycopg.connect(url, autocommit=True) as link:
            link.execute("CREATE TABLE kept (number integer)")
            for number in range(300):
                link.execute("INSERT INTO kept VALUES (%s)", [number])
                acknowledged += 1
            psutil.Process(server.pid).send_signal(signal.SIGQUIT)
            await_condition(lambda: not server.alive, timeout_s=10, wanted="PostgreSQL to end")
        server.stop()
        server = start()
        with psycopg.connect(url) as link:
            assert link.execute("SELECT count(*) FROM kept").fetchone() == (acknowledged,)
    finally:
        server.stop()


def answer(started: Servers) -> object:
    with psycopg.connect(started.database_url) as link:
        row = link.execute("SELECT answer FROM kept").fetchone()
    return row and row[0]
