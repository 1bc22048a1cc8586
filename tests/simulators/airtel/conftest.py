"""Airtel's simulator as a real HTTP server, and a client that knows its paths."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from tests.simulators.client import Client, served
from zampay.simulators.airtel.app import create_app
from zampay.simulators.airtel.settings import Settings

PAYER = "973123400"
QUICK = {"port": 0, "approval_s": 0.1, "delayed_s": 0.3, "expire_s": 0.1}


class AirtelClient(Client[Settings]):
    """A client that is right in everything, unless a test changes something."""

    bearer = ""

    def token(self, **changes: Any) -> requests.Response:
        body = {
            "client_id": self.settings.client_id,
            "client_secret": self.settings.client_secret,
            "grant_type": "client_credentials",
            **changes,
        }
        return self.call("POST", "/auth/oauth2/token", json=body)

    def log_in(self) -> "AirtelClient":
        self.bearer = self.token().json()["access_token"]
        return self

    def headers(self, changes: dict[str, str | None] | None = None) -> dict[str, str]:
        """The right headers; a change to None leaves one out."""
        right: dict[str, str | None] = {
            "Authorization": f"Bearer {self.bearer}",
            "X-Country": "ZM",
            "X-Currency": "ZMW",
            "Content-Type": "application/json",
        }
        wanted = {**right, **(changes or {})}
        return {name: value for name, value in wanted.items() if value is not None}

    def get(self, path: str, changes: dict[str, str | None] | None = None) -> requests.Response:
        return self.call("GET", path, headers=self.headers(changes))

    def push(
        self,
        reference_id: str,
        msisdn: str = PAYER,
        *,
        headers: dict[str, str | None] | None = None,
        path: str = "/merchant/v1/payments/",
        **changes: Any,
    ) -> requests.Response:
        """`transaction__amount=…` changes a member of a member; None leaves it out."""
        body: dict[str, Any] = {
            "reference": "Order1",
            "subscriber": {"country": "ZM", "currency": "ZMW", "msisdn": msisdn},
            "transaction": {
                "amount": 12.5,
                "country": "ZM",
                "currency": "ZMW",
                "id": reference_id,
            },
        }
        for name, value in changes.items():
            place, _, inner = name.partition("__")
            target, key = (body[place], inner) if inner else (body, place)
            if value is None:
                target.pop(key)
            else:
                target[key] = value
        content = json.dumps(body).encode()
        return self.call("POST", path, headers=self.headers(headers), data=content)

    def poll(self, reference_id: str) -> requests.Response:
        return self.get(f"/standard/v1/payments/{reference_id}")

    def status(self, reference_id: str) -> str:
        return str(self.poll(reference_id).json()["data"]["transaction"]["status"])


def run(**options: Any) -> Iterator[AirtelClient]:
    """A simulator until the generator is closed."""
    settings = Settings(**{**QUICK, **options})
    with served(create_app, settings) as url:
        yield AirtelClient(url, settings).log_in()


@pytest.fixture(scope="session")
def running() -> Iterator[AirtelClient]:
    yield from run()


@pytest.fixture
def airtel(running: AirtelClient) -> AirtelClient:
    """The network, with nothing remembered."""
    running.admin("POST", "reset")
    return running.log_in()


@pytest.fixture
def start() -> Callable[..., Any]:
    """A context manager that runs a simulator with other settings."""
    return contextmanager(run)
