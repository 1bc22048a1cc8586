"""MTN's simulator as a real HTTP server, and a client that knows its paths."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from tests.simulators.client import Client, served
from zampay.simulators.mtn.app import create_app
from zampay.simulators.mtn.settings import Settings

PAYER = "260963123400"
QUICK = {"port": 0, "approval_s": 0.15, "delayed_s": 0.3, "expire_s": 0.1}


class MtnClient(Client[Settings]):
    """A client that is right in everything, unless a test changes something."""

    bearer = ""

    def token(
        self, product: str = "collection", key: str | None = None, **options: Any
    ) -> requests.Response:
        options.setdefault("auth", (self.settings.api_user, self.settings.api_key))
        headers = {"Ocp-Apim-Subscription-Key": key or self.settings.subscription_key}
        return self.call("POST", f"/{product}/token/", headers=headers, **options)

    def log_in(self) -> "MtnClient":
        self.bearer = self.token().json()["access_token"]
        return self

    def headers(self, changes: dict[str, str | None] | None = None) -> dict[str, str]:
        """The right headers; a change to None leaves one out."""
        right: dict[str, str | None] = {
            "Authorization": f"Bearer {self.bearer}",
            "Ocp-Apim-Subscription-Key": self.settings.subscription_key,
            "X-Target-Environment": self.settings.environment,
        }
        wanted = {**right, **(changes or {})}
        return {name: value for name, value in wanted.items() if value is not None}

    def get(self, path: str, changes: dict[str, str | None] | None = None) -> requests.Response:
        return self.call("GET", path, headers=self.headers(changes))

    def body(self, msisdn: str = PAYER, **changes: Any) -> dict[str, Any]:
        return {
            "amount": "12.50",
            "currency": self.settings.currency,
            "externalId": "order-1",
            "payer": {"partyIdType": "MSISDN", "partyId": msisdn},
            "payerMessage": "Order 1",
            "payeeNote": "Order 1",
            **changes,
        }

    def pay(
        self,
        msisdn: str = PAYER,
        reference_id: str | None = None,
        headers: dict[str, str | None] | None = None,
        **body: Any,
    ) -> requests.Response:
        changes = {"X-Reference-Id": reference_id or str(uuid.uuid4()), **(headers or {})}
        path, content = "/collection/v1_0/requesttopay", self.body(msisdn, **body)
        return self.call("POST", path, headers=self.headers(changes), json=content)

    def poll(self, reference_id: str) -> requests.Response:
        return self.get(f"/collection/v1_0/requesttopay/{reference_id}")

    def status(self, reference_id: str) -> str:
        return str(self.poll(reference_id).json().get("status"))


def run(**options: Any) -> Iterator[MtnClient]:
    """A simulator until the generator is closed."""
    settings = Settings(**{**QUICK, **options})
    with served(create_app, settings) as url:
        yield MtnClient(url, settings).log_in()


@pytest.fixture(scope="session")
def zambia() -> Iterator[MtnClient]:
    yield from run()


@pytest.fixture(scope="session")
def european() -> Iterator[MtnClient]:
    yield from run(environment="sandbox")


@pytest.fixture
def mtn(zambia: MtnClient) -> MtnClient:
    """The Zambian network, with nothing remembered."""
    zambia.admin("POST", "reset")
    return zambia.log_in()


@pytest.fixture
def slow() -> Iterator[MtnClient]:
    """A Zambian network on which nothing ends before the test does."""
    yield from run(approval_s=60, delayed_s=60, expire_s=60)


@pytest.fixture
def sandbox(european: MtnClient) -> MtnClient:
    """MTN's sandbox in EUR, with nothing remembered but API users."""
    european.admin("POST", "reset")
    return european.log_in()


@pytest.fixture
def start() -> Callable[..., Any]:
    """A context manager that runs a simulator with other settings."""
    return contextmanager(run)
