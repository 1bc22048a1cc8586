"""A merchant's server, and lanes in which a delivery is over when the bell has been heard."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.doors import Inline
from tests.receiver import Receiver, receiver
from zampay.webhooks.delivery.concurrency import Lanes


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as started:
        yield started


@pytest.fixture
def second_shop() -> Iterator[Receiver]:
    with receiver() as started:
        yield started


@pytest.fixture(autouse=True)
def inline_lanes(app: Flask) -> Iterator[None]:
    """Deliveries are made in the thread of the task; tests about threads bring their own lanes."""
    kept = app.extensions["webhook_lanes"]
    app.extensions["webhook_lanes"] = Lanes(app, Inline())
    yield
    app.extensions["webhook_lanes"] = kept


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    """Until this is set, hanging receivers hang."""
    event = threading.Event()
    yield event
    event.set()
