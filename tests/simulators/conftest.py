"""What tests of all simulators share: references, waiting, and a gateway that gets callbacks."""

import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.support.receiver import Receiver, receiver


@pytest.fixture
def reference_id() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait until something is true, or fail after 5 s."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 5
        while not condition():
            assert time.monotonic() < deadline, "not within 5 s"
            time.sleep(0.01)

    return wait


@pytest.fixture
def gateway() -> Iterator[Receiver]:
    """Receives callbacks."""
    with receiver() as started:
        yield started
