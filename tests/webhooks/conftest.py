"""A merchant's server, and lanes in which a delivery is over when the bell has been heard."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

import pytest
from flask import Flask

from tests.receiver import Receiver, receiver
from zampay.webhooks.lanes import Lanes


class Inline(Executor):
    """Does the work at once, in the thread that asks."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*args, **kwargs))
        return done


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
