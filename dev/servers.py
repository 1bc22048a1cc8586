"""A real PostgreSQL and a real Valkey for a program or a test run.

They come as wheels and live under a data directory (docs/adr/0002); with DATABASE_URL and
REDIS_URL both in the environment nothing is started and those servers are used. The application
connects as a plain role, `zampay`: no superuser passes row-level security by accident.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from dev import databases, leftovers, postgres, valkey
from dev.common import DATA, LOOPBACK, DevError, free_port
from dev.credentials import Credentials, credentials_of
from dev.databases import Servers

DURABLE: Final[Mapping[str, str]] = MappingProxyType({})
"""PostgreSQL as it is: what is committed survives a power cut."""

FAST: Final = MappingProxyType({"fsync": "off", "full_page_writes": "off"})
"""PostgreSQL for tests: a commit is with the operating system before it is acknowledged, so that it
survives the death of every process, also an immediate stop of PostgreSQL; not a power cut.

`synchronous_commit` stays on: without it the last 0.6 s of commits are in PostgreSQL's memory only.
"""


@contextlib.contextmanager
def servers(directory: Path, *, settings: Mapping[str, str] = DURABLE) -> Iterator[Servers]:
    """Both servers, on free loopback ports, until the end of the block.

    `directory` keeps the database; one program at a time may use it, a second gets a DevError.
    The servers also end when this program is killed; what it leaves is put right at the next
    start. DevError when only one of DATABASE_URL and REDIS_URL is set.
    """
    given = _given()
    if given is not None:
        yield given
        return
    with claimed(directory):
        leftovers.end_all(directory)
        with _embedded(directory.resolve(), settings) as started:
            yield started


@contextlib.contextmanager
def temporary_servers(*, settings: Mapping[str, str] = FAST) -> Iterator[Servers]:
    """As `servers`, on a fresh directory that is removed in the end; for test runs.

    Any number of runs may go on at once. Directories of runs that were killed are removed.
    """
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(temporary_directory())
        yield stack.enter_context(servers(directory, settings=settings))


@contextlib.contextmanager
def temporary_directory() -> Iterator[Path]:
    """A fresh directory under `.data/tests`, removed in the end, or by the next run."""
    place = DATA / "tests"
    with claimed(place, wait=True):
        for old in place.glob("run-*"):
            _remove_if_abandoned(old)
        directory = Path(tempfile.mkdtemp(prefix="run-", dir=place))
        directory.chmod(0o711)  # PostgreSQL may have to run as somebody else, who passes through
        holder = contextlib.ExitStack()
        holder.enter_context(claimed(directory, name="in-use"))
    with holder:
        yield directory
        shutil.rmtree(directory, ignore_errors=True)


def fresh_directory(directory: Path) -> Path:
    """Empty a data directory for a new start; DevError when a program is using it."""
    with claimed(directory) as lock:
        leftovers.end_all(directory)
        for old in set(directory.iterdir()) - {lock}:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    return directory


def _remove_if_abandoned(directory: Path) -> None:
    with contextlib.suppress(DevError), claimed(directory, name="in-use"):
        leftovers.end_all(directory)
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def claimed(directory: Path, *, name: str = "lock", wait: bool = False) -> Iterator[Path]:
    """Hold a directory for this program, by a lock file; the system lets go when the program dies.

    DevError when another program holds it, unless `wait`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / name).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise DevError(
                f"Another program uses {directory}. Stop it first (`make run`, perhaps)."
            ) from error
        yield directory / name


def _given() -> Servers | None:
    database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if database_url and redis_url:
        return Servers(database_url, redis_url, admin_url=None)
    if database_url or redis_url:
        missing = "REDIS_URL" if database_url else "DATABASE_URL"
        raise DevError(
            f"{missing} is not set, but its sibling is. Set both to use your own servers, "
            "or neither to have embedded ones."
        )
    return None


@contextlib.contextmanager
def _embedded(directory: Path, settings: Mapping[str, str]) -> Iterator[Servers]:
    credentials = credentials_of(directory)
    redis_port, database_port = free_port(), free_port()
    with contextlib.ExitStack() as stack:
        redis = valkey.start(directory, port=redis_port, password=credentials.valkey)
        stack.callback(redis.stop)
        database = postgres.start(
            directory,
            port=database_port,
            admin_password=credentials.postgres_admin,
            settings=settings,
        )
        stack.callback(database.stop)
        valkey.await_ready(redis, port=redis_port, password=credentials.valkey)
        yield _prepared(credentials, redis_port, database_port)


def _prepared(credentials: Credentials, redis_port: int, database_port: int) -> Servers:
    place = f"{LOOPBACK}:{database_port}"
    started = Servers(
        database_url=f"postgresql://{databases.ROLE}:{credentials.postgres_application}@{place}/{databases.ROLE}",
        redis_url=f"redis://:{credentials.valkey}@{LOOPBACK}:{redis_port}/0",
        admin_url=f"postgresql://{postgres.ADMIN}:{credentials.postgres_admin}@{place}/{postgres.ADMIN}",
    )
    databases.ensure_role(started, password=credentials.postgres_application)
    return started
