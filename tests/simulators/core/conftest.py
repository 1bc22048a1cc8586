"""A small network of its own for each test, which knows nothing of MTN."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from tests.simulators.client import served
from tests.simulators.core import networks
from tests.simulators.core.networks import Settings, SmallClient
from tests.support.receiver import Receiver

Start = Callable[..., AbstractContextManager[SmallClient]]


@pytest.fixture
def start(gateway: Receiver) -> Start:
    """A context manager that runs a small network with these settings."""

    @contextmanager
    def run(create_app: Any = networks.create_app, **options: Any) -> Iterator[SmallClient]:
        quick = {"port": 0, "approval_s": 0.15, "callback_url": gateway.url}
        settings = Settings(**{**quick, **options})
        with served(create_app, settings) as url:
            yield SmallClient(url, settings)

    return run


@pytest.fixture
def network(start: Start) -> Iterator[SmallClient]:
    with start() as client:
        yield client


@pytest.fixture
def blocking(start: Start) -> Iterator[SmallClient]:
    with start(networks.create_blocking_app) as client:
        yield client
