"""A gateway as real processes on a database of its own, for what operators do with it."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dev.servers import Servers, temporary_directory
from dev.stack import Stack
from tests.deploying import guide

_databases = itertools.count(1)
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# The browser of this machine, if there is one: CHROMIUM, or whatever has a known name.
CHROMIUM = next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM", ""), *BROWSERS))), None)
GENEROUS = {
    "RATE_LIMIT_PER_KEY": "1000000/minute",
    "RATE_LIMIT_PER_ADDRESS": "100000/minute",
    "NUMBER_MAX_OPEN": "1000000",
    "NUMBER_MAX_PER_MINUTE": "1000000",
    "NUMBER_MAX_PER_HOUR": "1000000",
}


@pytest.fixture
def directory() -> Iterator[Path]:
    """Short and open to every user, unlike pytest's own."""
    with temporary_directory() as made:
        yield made


@pytest.fixture(scope="session")
def migrated(servers: Servers) -> Iterator[str]:
    """The name of a migrated database that others are copied from."""
    name = f"zampay_migrated_{os.getpid()}"
    fresh = replace(servers, database_url=servers.create_database(name))
    with temporary_directory() as place, Stack(fresh, place) as stack:
        stack.migrate()
    yield name
    servers.drop_database(name)


@pytest.fixture
def new_database(servers: Servers) -> Iterator[Callable[..., Servers]]:
    """Makes databases on the run's servers, empty or copied; they are dropped in the end."""
    made: list[str] = []

    def create(template: str | None = None) -> Servers:
        made.append(f"zampay_deploying_{os.getpid()}_{next(_databases)}")
        url = servers.create_database(made[-1], template=template)
        return replace(servers, database_url=url)

    yield create
    for name in made:
        servers.drop_database(name)


@pytest.fixture
def stack(new_database: Callable[..., Servers], migrated: str, directory: Path) -> Iterator[Stack]:
    """Migrated, and nothing runs yet."""
    with Stack(new_database(migrated), directory, environment=GENEROUS) as made:
        yield made


collect_ignore = [] if CHROMIUM else ["test_docs_page.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if collect_ignore:
        terminalreporter.write_line(
            "Not run, because there is no Chromium (apt-get install chromium, or CHROMIUM=...): "
            "tests/deploying/test_docs_page.py"
        )
    for program in guide.MISSING:
        terminalreporter.write_line(f"Not run, because there is no {program}: the guide's examples")
