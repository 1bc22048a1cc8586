"""Every line of the Procfile, started by honcho as a platform starts it."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dev.environment import await_condition
from dev.merchant import Merchant
from dev.servers import Servers
from dev.stack import Stack
from dev.supervisor import Process

pytestmark = pytest.mark.long


@pytest.fixture
def fresh(new_database: Callable[[], Servers], directory: Path) -> Iterator[Stack]:
    """An empty database, which the line `release` has to fill."""
    with Stack(new_database(), directory) as made:
        yield made


def honcho(stack: Stack, *names: str) -> Process:
    command = [sys.executable, "-m", "honcho", "start", "--port", str(stack.port), *names]
    environment = {**stack.environment, "WEB_CONCURRENCY": "1", "WORKER_CONCURRENCY": "2"}
    name = "honcho-" + "-".join(names)
    return Process(name, command, stack.directory, environment=environment, grace_s=30)


def test_every_line_runs_honours_its_settings_and_ends_in_time(fresh: Stack) -> None:
    release = honcho(fresh, "release")
    release.start()
    assert release.wait(timeout_s=60) == 0, release.tail()

    with honcho(fresh, "web", "worker", "beat") as running:
        running.await_ready(fresh.web_answers, wanted="web", timeout_s=60)
        shop = Merchant.register(fresh.url, business_name="Shop", email="owner@example.com")
        payment = shop.pay(external_id="o-1", amount="1.00", msisdn="260963123400")
        await_condition(
            lambda: shop.payment(payment["id"])["status"] == "SUCCESSFUL",
            timeout_s=60,
            wanted="worker and beat",
        )
        assert running.output().count("Started server process") == 1
        running.stop()
        # honcho tells how the shells around them ended, so their own last words have to do.
        assert "SIGKILL" not in running.output(), running.tail()
        for farewell in ("Stopping parent process", "Warm shutdown"):
            assert farewell in running.output()
