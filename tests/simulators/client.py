"""A simulator as a real HTTP server in a thread, and a client for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import requests
from flask import Flask

from zampay.simulators.core.server import serve
from zampay.simulators.core.settings import Settings

Given = TypeVar("Given", bound=Settings)


class Client(Generic[Given]):
    """What the clients of all networks can do; a subclass knows its network's paths."""

    def __init__(self, base_url: str, settings: Given) -> None:
        self.base_url, self.settings = base_url, settings

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.base_url + path, timeout=10, **options)

    def admin(self, method: str, path: str, content: Any = None) -> requests.Response:
        return self.call(method, f"/_admin/{path}", json=content)

    def faults(self, *faults: dict[str, Any]) -> None:
        assert self.admin("PUT", "faults", list(faults)).status_code == 200

    def journal(self) -> dict[str, Any]:
        journal: dict[str, Any] = self.admin("GET", "journal").json()
        return journal

    def callbacks(self) -> list[Any]:
        """The answer to each callback, or why there was none."""
        return [callback["answer"] for callback in self.journal()["callbacks"]]


@contextmanager
def served(create_app: Callable[[Given], Flask], settings: Given) -> Iterator[str]:
    """The base URL of a simulator that runs until the end of the block."""
    server = serve(create_app(settings), settings)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{settings.base_url}:{server.port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
