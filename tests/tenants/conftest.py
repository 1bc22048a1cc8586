"""The application with other settings, as the tests of infra make it."""

from tests.infra.conftest import another_app, shared_app

__all__ = ["another_app", "shared_app"]
