"""A simulator as a real HTTP server, a client for it, and a gateway that hears callbacks."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from zampay.simulators.core.server import serve
from zampay.simulators.mtn.app import create_app
from zampay.simulators.mtn.settings import Settings

PAYER = "260963123400"
QUICK = {"port": 0, "approval_s": 0.15, "delayed_s": 0.3, "expire_s": 0.1}


class Client:
    """A client that is right in everything, unless a test changes something."""

    def __init__(self, base_url: str, settings: Settings) -> None:
        self.base_url = base_url
        self.settings = settings
        self.bearer = ""

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.base_url + path, timeout=10, **options)

    def token(
        self, product: str = "collection", key: str | None = None, **options: Any
    ) -> requests.Response:
        options.setdefault("auth", (self.settings.api_user, self.settings.api_key))
        headers = {"Ocp-Apim-Subscription-Key": key or self.settings.subscription_key}
        return self.call("POST", f"/{product}/token/", headers=headers, **options)

    def log_in(self) -> "Client":
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

    def enquiry(self, reference_id: str) -> requests.Response:
        return self.get(f"/collection/v1_0/requesttopay/{reference_id}")

    def status(self, reference_id: str) -> str:
        return str(self.enquiry(reference_id).json().get("status"))

    def admin(self, method: str, path: str, content: Any = None) -> requests.Response:
        return self.call(method, f"/_admin/{path}", json=content)

    def faults(self, *faults: dict[str, Any]) -> None:
        assert self.admin("PUT", "faults", list(faults)).status_code == 200

    def journal(self) -> dict[str, Any]:
        journal: dict[str, Any] = self.admin("GET", "journal").json()
        return journal


def run(**options: Any) -> Iterator[Client]:
    """A simulator in threads of this process, until the generator is closed."""
    settings = Settings(**{**QUICK, **options})
    server = serve(create_app(settings), settings)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Client(f"http://127.0.0.1:{server.port}", settings).log_in()
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def zambia() -> Iterator[Client]:
    yield from run()


@pytest.fixture(scope="session")
def european() -> Iterator[Client]:
    yield from run(environment="sandbox")


@pytest.fixture
def mtn(zambia: Client) -> Client:
    """The Zambian network, with nothing remembered."""
    zambia.admin("POST", "reset")
    return zambia.log_in()


@pytest.fixture
def slow() -> Iterator[Client]:
    """A Zambian network on which nothing ends before the test does."""
    yield from run(approval_s=60, delayed_s=60, expire_s=60)


@pytest.fixture
def sandbox(european: Client) -> Client:
    """MTN's sandbox in EUR, with nothing remembered but API users."""
    european.admin("POST", "reset")
    return european.log_in()


@pytest.fixture
def start() -> Callable[..., Any]:
    """A context manager that runs a simulator with other settings."""
    return contextmanager(run)


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


class Gateway(ThreadingHTTPServer):
    """Takes callbacks and remembers verb, path and raw body."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Callback)
        self.heard: list[tuple[str, str, bytes]] = []
        self.answer = 200

    def url(self, path: str = "/callbacks/mtn/token") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Callback(BaseHTTPRequestHandler):
    server: Gateway

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.command, self.path, content))
        self.send_response(self.server.answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
