"""The commands of an operator raise the level of logging; tests put it back."""

import logging
from collections.abc import Iterator

import pytest

from tests.infra.conftest import another_app

__all__ = ["another_app"]


@pytest.fixture(autouse=True)
def level_as_before() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    logging.getLogger().setLevel(level)
