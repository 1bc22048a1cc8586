"""Networks to hold to the contract: simulators in threads, and an application that knows Redis."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from flask import Flask

from dev.servers import Servers
from tests.simulators.client import served
from tests.support.airtel import Airtel
from tests.support.networks import Mtn, Simulated
from tests.support.zamtel import Zamtel
from zampay.infra.redis import redis_client
from zampay.simulators.airtel.app import create_app as create_airtel
from zampay.simulators.airtel.settings import Settings as AirtelSettings
from zampay.simulators.mtn.app import create_app as create_mtn
from zampay.simulators.mtn.settings import Settings as MtnSettings
from zampay.simulators.zamtel.app import create_app as create_zamtel
from zampay.simulators.zamtel.settings import Settings as ZamtelSettings

QUICK: dict[str, Any] = {"port": 0, "approval_s": 0.05, "delayed_s": 0.1}


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
    settings = MtnSettings(**QUICK)
    with served(create_mtn, settings) as url:
        yield Mtn(url, settings)


@pytest.fixture(scope="session")
def airtel_simulator() -> Iterator[Airtel]:
    settings = AirtelSettings(**QUICK)
    with served(create_airtel, settings) as url:
        yield Airtel(url, settings)


@pytest.fixture(scope="session")
def zamtel_simulator() -> Iterator[Zamtel]:
    settings = ZamtelSettings(**QUICK, enquiry="on")
    with served(create_zamtel, settings) as url:
        yield Zamtel(url, settings)


@pytest.fixture
def mtn(mtn_simulator: Mtn) -> Mtn:
    """The simulated network with nothing remembered, and our adapter for it."""
    forget(mtn_simulator)
    return mtn_simulator


@pytest.fixture
def airtel(airtel_simulator: Airtel) -> Airtel:
    """The simulated network with nothing remembered, and our adapter for it."""
    forget(airtel_simulator)
    return airtel_simulator


@pytest.fixture
def zamtel(zamtel_simulator: Zamtel) -> Zamtel:
    """The simulated network with nothing remembered, and our adapter for it."""
    forget(zamtel_simulator)
    return zamtel_simulator


def forget(network: Simulated) -> None:
    network.admin("POST", "reset")
    network.admin("PUT", "faults", [])
    network.admin("POST", "tokens/expire")
