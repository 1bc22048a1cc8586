"""Zamtel's simulator as a real HTTP server, and a client that knows its paths."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from tests.simulators.client import Client, served
from zampay.simulators.zamtel.app import create_app
from zampay.simulators.zamtel.settings import Settings

PAYER = "260953123400"
QUICK = {"port": 0, "approval_s": 0.15, "delayed_s": 0.3, "expire_s": 0.1, "enquiry": "on"}


class ZamtelClient(Client[Settings]):
    """A client that is right in everything, unless a test changes something."""

    def query(self, msisdn: str = PAYER, **changes: str | None) -> dict[str, str]:
        """The right parameters; a change to None leaves one out."""
        right: dict[str, str | None] = {
            "ThirdPartyID": self.settings.third_party_id,
            "Password": self.settings.password,
            "Amount": "12.50",
            "Msisdn": msisdn,
            "Shortcode": self.settings.shortcode,
            "ConversationId": uuid.uuid4().hex,
        }
        return {name: value for name, value in {**right, **changes}.items() if value is not None}

    def pay(self, msisdn: str = PAYER, **changes: str | None) -> requests.Response:
        return self.call("GET", "/ZampayRest/Req", params=self.query(msisdn, **changes))

    def begin(self, msisdn: str = PAYER, **changes: str | None) -> "Future[requests.Response]":
        """Pay on another thread: the answer comes when the payer has answered."""
        executor = ThreadPoolExecutor(1)
        begun = executor.submit(self.pay, msisdn, **changes)
        executor.shutdown(wait=False)
        return begun

    def poll(self, conversation_id: str, **login: str) -> requests.Response:
        right = {
            "username": self.settings.status_username,
            "password": self.settings.status_password,
        }
        return self.call("GET", f"/status/{conversation_id}", headers={**right, **login})

    def charges(self, conversation_id: str) -> int:
        return int(self.journal()["byReference"].get(conversation_id, 0))


def run(**options: Any) -> Iterator[ZamtelClient]:
    """A simulator until the generator is closed."""
    settings = Settings(**{**QUICK, **options})
    with served(create_app, settings) as url:
        yield ZamtelClient(url, settings)


@pytest.fixture(scope="session")
def running() -> Iterator[ZamtelClient]:
    yield from run()


@pytest.fixture
def zamtel(running: ZamtelClient) -> ZamtelClient:
    """The network with nothing remembered."""
    running.admin("POST", "reset")
    return running


@pytest.fixture
def start() -> Callable[..., Any]:
    """A context manager that runs a simulator with other settings."""
    return contextmanager(run)
