"""Applications with other settings than the run's own, on the same servers."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

import config
from zampay.app import celery_of, create_app
from zampay.infra.database.db import db

MakeApp = Callable[..., Flask]


@contextmanager
def applications(app: Flask, settings: config.Config) -> Iterator[MakeApp]:
    """`another_app(limit_per_key="2/minute")`: with what is global put back in the end."""
    made: list[Flask] = []
    handlers = list(logging.getLogger().handlers)

    def make(**changes: Any) -> Flask:
        made.append(create_app(replace(settings, **changes)))
        return made[-1]

    yield make
    for one in made:
        with one.app_context():
            db.engine.dispose()
    celery_of(app).set_current()
    logging.getLogger().handlers = handlers


@pytest.fixture
def another_app(app: Flask, settings: config.Config) -> Iterator[MakeApp]:
    """An application of the test's own: to make one takes longer than most tests."""
    with applications(app, settings) as make:
        yield make


@pytest.fixture(scope="module")
def shared_app(migrated_app: Flask, settings: config.Config) -> Iterator[MakeApp]:
    """An application that the tests of a file share, because it keeps nothing of them."""
    with applications(migrated_app, settings) as make:
        yield make
