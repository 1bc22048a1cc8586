"""A gateway as real processes on a database of its own, for what operators do with it."""

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dev.databases import Servers
from dev.servers import temporary_directory
from dev.stack import Stack
from tests.deploying import chromium

_databases = itertools.count(1)


@pytest.fixture
def directory() -> Iterator[Path]:
    """Short and open to every user, unlike pytest's own."""
    with temporary_directory() as made:
        yield made


@pytest.fixture
def new_database(servers: Servers) -> Iterator[Callable[[], Servers]]:
    """Makes empty databases on the run's servers; they are dropped in the end."""
    made: list[str] = []

    def create() -> Servers:
        made.append(f"zampay_deploying_{os.getpid()}_{next(_databases)}")
        return replace(servers, database_url=servers.create_database(made[-1]))

    yield create
    for name in made:
        servers.drop_database(name)


@pytest.fixture
def stack(new_database: Callable[[], Servers], directory: Path) -> Iterator[Stack]:
    """Migrated, and nothing runs yet."""
    generous = {"RATE_LIMIT_PER_KEY": "1000000/minute", "RATE_LIMIT_PER_ADDRESS": "100000/minute"}
    with Stack(new_database(), directory, environment=generous) as made:
        made.migrate()
        yield made


collect_ignore = [] if chromium.program() else ["test_docs_page.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if collect_ignore:
        terminalreporter.write_line(
            "Not run, because there is no Chromium (apt-get install chromium, or CHROMIUM=...): "
            "tests/deploying/test_docs_page.py"
        )
