"""Merchants' servers, and attempts that are over when their task is."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.support.fakes import Inline
from tests.support.receiver import Receiver, receiver
from zampay.webhooks.delivery import concurrency
from zampay.webhooks.delivery.concurrency import Slots


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as started:
        yield started


@pytest.fixture
def second_shop() -> Iterator[Receiver]:
    with receiver() as started:
        yield started


@pytest.fixture(autouse=True)
def attempts_in_the_task(app: Flask) -> Iterator[None]:
    """Attempts are made in the thread of the task; tests about threads bring their own slots."""
    kept = app.extensions["webhook_slots"]
    app.extensions["webhook_slots"] = Slots(app, Inline())
    yield
    app.extensions["webhook_slots"] = kept


@pytest.fixture
def threads(app: Flask, attempts_in_the_task: None) -> Iterator[None]:
    """Attempts on threads of their own, as in a worker."""
    executor = ThreadPoolExecutor(concurrency.SLOTS)
    app.extensions["webhook_slots"] = Slots(app, executor)
    with executor:
        yield


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    """Until this is set, hanging receivers hang."""
    event = threading.Event()
    yield event
    event.set()
