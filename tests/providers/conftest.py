"""Networks to hold to the contract: simulators in threads, and an application that knows Redis."""

import threading
from collections.abc import Iterator

import pytest
import redis
from flask import Flask

from dev.servers import Servers
from tests.support.networks import Mtn
from zampay.infra.redis import redis_client
from zampay.simulators.core.server import serve
from zampay.simulators.mtn.app import create_app
from zampay.simulators.mtn.settings import Settings


@pytest.fixture(autouse=True)
def small_app(servers: Servers) -> Iterator[Flask]:
    """All that an adapter needs of the application: its Redis, emptied."""
    app = Flask("adapters")
    redis_client.init(app, url=servers.redis_url)
    with redis.Redis.from_url(servers.redis_url) as server:
        server.flushall()
    with app.app_context():
        yield app
    app.extensions["redis"].close()


@pytest.fixture(scope="session")
def mtn_simulator() -> Iterator[Mtn]:
    settings = Settings(port=0, approval_s=0.05, delayed_s=0.1)
    server = serve(create_app(settings), settings)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Mtn(f"http://127.0.0.1:{server.port}", settings)
    server.shutdown()
    thread.join()


@pytest.fixture
def mtn(mtn_simulator: Mtn) -> Mtn:
    """The simulated network with nothing remembered, and our adapter for it."""
    mtn_simulator.admin("POST", "reset")
    mtn_simulator.admin("PUT", "faults", [])
    mtn_simulator.admin("POST", "tokens/expire")
    return mtn_simulator
