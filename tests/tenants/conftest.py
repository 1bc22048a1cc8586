"""The application with other settings, as the tests of infra make it, and a second that passes."""

from collections.abc import Callable

import pytest

from tests.infra.conftest import another_app, shared_app
from zampay.kernel import clock

__all__ = ["another_app", "shared_app"]
LaterBy = Callable[[float], None]


@pytest.fixture
def later_by(monkeypatch: pytest.MonkeyPatch) -> LaterBy:
    """Let so many seconds pass for this process."""
    measured_s = clock.monotonic_s

    def pass_by(seconds: float) -> None:
        began_s = measured_s()
        monkeypatch.setattr(clock, "monotonic_s", lambda: began_s + seconds)

    return pass_by
