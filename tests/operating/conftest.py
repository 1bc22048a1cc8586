"""The gateway as real processes, watched from outside as an operator watches it."""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
import requests

from dev.environment import free_port
from dev.servers import Servers, temporary_directory
from dev.stack import Stack

METRICS_TOKEN = "0123456789abcdef0123456789abcdef"
_databases = itertools.count(1)


@pytest.fixture(scope="package")
def new_stack(servers: Servers) -> Iterator[Callable[..., Stack]]:
    """`new_stack(APP_ENV="production")`: migrated, on databases of its own at both
    servers; nothing runs yet.
    """
    with ExitStack() as ending:

        def make(**environment: str) -> Stack:
            number = next(_databases)
            name = f"zampay_operating_{os.getpid()}_{number}"
            redis_url = f"{servers.redis_url.rpartition('/')[0]}/{number}"  # a queue of its own
            own = replace(servers, database_url=servers.create_database(name), redis_url=redis_url)
            ending.callback(servers.drop_database, name)
            directory = ending.enter_context(temporary_directory())
            stack = ending.enter_context(Stack(own, directory, environment=environment))
            stack.migrate()
            return stack

        yield make


@pytest.fixture(scope="package")
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        yield made


@pytest.fixture(scope="package")
def stack(new_stack: Callable[..., Stack]) -> Stack:
    """All processes, with two web workers, the simulator as network, and metrics open."""
    stack = new_stack(
        METRICS_TOKEN=METRICS_TOKEN, METRICS_PORT=str(free_port()), WEB_CONCURRENCY="2"
    )
    stack.start()
    return stack
