"""One gateway for all journeys: starting it costs seconds, and what one breaks is healed."""

from collections.abc import Iterator
from typing import Any

import pytest

from dev.environment import await_condition
from dev.servers import temporary_directory
from dev.stack import ALL, Stack
from tests.journeys.gateway import PACE, Gateway
from tests.journeys.machine import machine
from tests.journeys.network import Network
from tests.journeys.shop import Shop, payers
from tests.support.processes import offspring


@pytest.fixture(scope="package")
def running() -> Iterator[Gateway]:
    """The gateway, started; in the end not one process of it is left."""
    before = offspring()
    with (
        temporary_directory() as directory,
        machine(directory) as own,
        Stack(own.servers, directory, environment=PACE) as stack,
    ):
        stack.migrate()
        stack.start()
        gateway = Gateway(stack, own)
        yield gateway
        gateway.close()
        for name in ALL:
            stack.kill(name)  # nothing of them is needed any more, and a polite end takes seconds
    await_condition(lambda: offspring() <= before, timeout_s=10, wanted="the end of all processes")


@pytest.fixture
def gateway(running: Gateway) -> Iterator[Gateway]:
    """The gateway with everything up, whatever the journey does to it; no defect is logged."""
    yield running
    running.heal()
    assert running.new_defects() == []


@pytest.fixture(scope="package")
def shop(running: Gateway) -> Shop:
    """A merchant with a live key."""
    return running.shop()


@pytest.fixture
def network(gateway: Gateway) -> Network:
    return gateway.network


@pytest.fixture(scope="package")
def numbers() -> Iterator[str]:
    return payers()


@pytest.fixture
def payer(numbers: Iterator[str]) -> str:
    """A number that simply pays, this journey's own."""
    return next(numbers)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[None]") -> Any:
    """Show the end of every log below a journey that failed."""
    result = yield
    gateway = getattr(item, "funcargs", {}).get("gateway")
    if result.failed and isinstance(gateway, Gateway):
        result.sections += [(f"end of the log of {name}", tail) for name, tail in gateway.tails()]
    return result
