"""What our own code logs, caught before it is rendered, whatever level the tests run at."""

import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

Lines = list[MutableMapping[str, Any]]


@contextmanager
def captured() -> Iterator[Lines]:
    """Every line of the block at INFO or above, with the context that it is told in."""
    kept = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    try:
        with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as entries:
            yield entries
    finally:
        structlog.configure(wrapper_class=kept)


def the_line(lines: Lines, event: str) -> MutableMapping[str, Any]:
    """The one line of this event."""
    found = [line for line in lines if line["event"] == event]
    assert len(found) == 1, lines
    return found[0]


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """What a test does to the set-up of logging is undone."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    kept = structlog.get_config()
    yield
    root.handlers, root.level = handlers, level
    structlog.configure(**kept)
