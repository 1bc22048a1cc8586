"""The commands of an operator raise the level of logging; tests put it back. How wide the terminal
is that the tests are started from is nothing to them.
"""

import logging
import os
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from dev.servers import Servers
from tests.infra.conftest import another_app, shared_app

__all__ = ["another_app", "shared_app"]


@pytest.fixture(autouse=True)
def level_as_before() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)


@pytest.fixture(autouse=True)
def no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="module")
def bare(shared_app: Callable[..., Flask], servers: Servers) -> Iterator[Flask]:
    """The application, on a database in which no migration has run."""
    name = f"zampay_bare_{os.getpid()}"
    url = sa.make_url(servers.create_database(name)).set(drivername="postgresql+psycopg")
    yield shared_app(database_url=url.render_as_string(hide_password=False))
    servers.drop_database(name)
