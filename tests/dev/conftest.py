"""A directory of its own for each test; under `.data`, which the user `nobody` can reach."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.servers import temporary_directory


@pytest.fixture
def directory() -> Iterator[Path]:
    with temporary_directory() as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever servers the environment offers, these tests are about the embedded ones."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
