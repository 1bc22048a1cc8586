"""A real PostgreSQL and a real Valkey for a program or a test run.

They come as wheels and live under a data directory (docs/adr/0002); with DATABASE_URL and
REDIS_URL both in the environment nothing is started and those servers are used. The application
connects as a plain role, `zampay`: no superuser bypasses row-level security by accident.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import psycopg
from psycopg import errors
from psycopg.sql import SQL, Composed, Identifier, Literal

from dev import postgres, valkey
from dev.environment import DATA, LOOPBACK, DevError, free_port, write_private
from dev.supervisor import stop_stale

DURABLE: Final[Mapping[str, str]] = MappingProxyType({})
"""PostgreSQL as it is: what is committed survives a power cut."""

FAST: Final = MappingProxyType({"fsync": "off", "full_page_writes": "off"})
"""PostgreSQL for tests: a commit is with the operating system before it is acknowledged, so that it
survives the death of every process, also an immediate stop of PostgreSQL; not a power cut.

`synchronous_commit` stays on: without it the last 0.6 s of commits are in PostgreSQL's memory only.
"""

ROLE: Final = "zampay"
"""The application's role, and its first database: like the single role of managed PostgreSQL."""


def _hex() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Credentials:
    """The random secrets of one data directory; hexadecimal, so that none needs quoting."""

    postgres_admin: str = field(default_factory=_hex)
    postgres_application: str = field(default_factory=_hex)
    valkey: str = field(default_factory=_hex)
    secret_key: str = field(default_factory=_hex)


def credentials_of(directory: Path) -> Credentials:
    """The credentials of a data directory, made and written at the first call."""
    file = directory / "credentials.json"
    if file.exists():
        known = json.loads(file.read_text(encoding="utf-8"))
        return Credentials(**{one.name: known[one.name] for one in fields(Credentials)})
    made = Credentials()
    write_private(file, json.dumps(asdict(made), indent=2))
    return made


@dataclass(frozen=True)
class Servers:
    """Where the servers are.

    `database_url` is the plain role's; `admin_url` the superuser's, None for servers that were
    given by the environment.
    """

    database_url: str
    redis_url: str
    admin_url: str | None

    @classmethod
    def embedded(cls, known: Credentials, *, database_port: int, redis_port: int) -> "Servers":
        """Embedded servers on these ports."""
        place = f"{LOOPBACK}:{database_port}"
        return cls(
            database_url=f"postgresql://{ROLE}:{known.postgres_application}@{place}/{ROLE}",
            redis_url=f"redis://:{known.valkey}@{LOOPBACK}:{redis_port}/0",
            admin_url=f"postgresql://{postgres.ADMIN}:{known.postgres_admin}@{place}/postgres",
        )

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Make a database owned by the plain role, empty or as a copy; its URL.

        A `template` must have no connection open. DevError when the environment's own role may
        not create databases.
        """
        command = SQL("CREATE DATABASE {}").format(Identifier(name))
        if self.admin_url is not None:
            command += SQL(" OWNER {}").format(Identifier(ROLE))
        if template is not None:
            command += SQL(" TEMPLATE {}").format(Identifier(template))
        try:
            self._administer(command)
        except errors.InsufficientPrivilege as error:
            raise DevError(
                "The role of DATABASE_URL may not create databases; tests need that: "
                "ALTER ROLE ... CREATEDB."
            ) from error
        return urlsplit(self.database_url)._replace(path=f"/{name}").geturl()

    def drop_database(self, name: str) -> None:
        """Remove a database, cutting the connections to it; nothing if there is none."""
        self._administer(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))

    def ensure_role(self, password: str) -> None:
        """Make the plain role and its database on a fresh embedded server."""
        with contextlib.suppress(errors.DuplicateObject):
            self._administer(
                SQL(
                    "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
                    " NOREPLICATION PASSWORD {}"
                ).format(Identifier(ROLE), Literal(password))
            )
        with contextlib.suppress(errors.DuplicateDatabase):
            self.create_database(ROLE)

    def _administer(self, command: Composed) -> None:
        url = as_postgresql(self.admin_url or self.database_url)
        with psycopg.connect(url, autocommit=True) as link:
            link.execute(command)


def as_postgresql(url: str) -> str:
    """A SQLAlchemy or Heroku URL as PostgreSQL's own library reads it."""
    return urlsplit(url)._replace(scheme="postgresql").geturl()


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
    with locked(directory):
        stop_stale(directory)
        with _embedded(directory.resolve(), settings) as started:
            yield started


@contextlib.contextmanager
def temporary_servers(*, settings: Mapping[str, str] = FAST) -> Iterator[Servers]:
    """As `servers`, on a fresh directory that is removed in the end; for test runs.

    Any number of runs may go on at once. Directories of runs that were killed are removed.
    """
    with temporary_directory() as directory, servers(directory, settings=settings) as started:
        yield started


@contextlib.contextmanager
def temporary_directory() -> Iterator[Path]:
    """A fresh directory under `.data/tests`, removed in the end, or by the next run."""
    place = DATA / "tests"
    with contextlib.ExitStack() as in_use:
        with locked(place, wait=True):
            for old in place.glob("run-*"):
                _remove_if_abandoned(old)
            directory = Path(tempfile.mkdtemp(prefix="run-", dir=place))
            directory.chmod(0o711)  # PostgreSQL may have to run as another user
            in_use.enter_context(locked(directory, name="in-use"))
        yield directory
        shutil.rmtree(directory, ignore_errors=True)


def fresh_directory(directory: Path) -> Path:
    """Empty a data directory for a new start; DevError when a program is using it."""
    with locked(directory) as lock:
        stop_stale(directory)
        for old in set(directory.iterdir()) - {lock}:
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    return directory


def _remove_if_abandoned(directory: Path) -> None:
    with contextlib.suppress(DevError), locked(directory, name="in-use"):
        stop_stale(directory)
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def locked(directory: Path, *, name: str = "lock", wait: bool = False) -> Iterator[Path]:
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
    known = credentials_of(directory)
    redis_port, database_port = free_port(), free_port()
    with contextlib.ExitStack() as stack:
        cache = valkey.start(directory, port=redis_port, password=known.valkey)
        stack.callback(cache.stop)
        database = postgres.start(
            directory, port=database_port, admin_password=known.postgres_admin, settings=settings
        )
        stack.callback(database.stop)
        valkey.await_ready(cache, port=redis_port, password=known.valkey)
        started = Servers.embedded(known, database_port=database_port, redis_port=redis_port)
        started.ensure_role(known.postgres_application)
        yield started
