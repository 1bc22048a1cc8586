"""PostgreSQL hangs: it keeps its connections and answers nothing. Probes are answered in time, and
callers get an answer, too; once it goes on, all is as before.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.journeys.gateway import Gateway
from tests.journeys.shop import Shop

CALLERS = 160  # more than both web processes have places and room to wait
WARM = 32  # as many at once as both have places for, twice over: each has connections then
PROBE_TIMEOUT_S = 5  # of the manifests in docs/operations.md


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(CALLERS) as made:
        yield made


@pytest.mark.long
def test_a_postgresql_that_hangs_takes_no_probe_and_no_caller_with_it(
    gateway: Gateway, shop: Shop, payer: str, callers: ThreadPoolExecutor
) -> None:
    def ask(_: int) -> tuple[int, float]:
        began_s = time.monotonic()
        status = get(gateway, "/api/v1/payments", timeout_s=60, **credentials)
        return status, time.monotonic() - began_s

    gateway.replace("web", WEB_CONCURRENCY="2")
    credentials = {"Authorization": f"Bearer {shop.key}", "x-tenant-id": shop.tenant_id}

    assert {status for status, _ in callers.map(ask, range(WARM))} == {200}
    gateway.machine.postgres.hang()
    asked = [callers.submit(ask, number) for number in range(CALLERS)]
    for _ in range(3):
        assert get(gateway, "/health/live", timeout_s=PROBE_TIMEOUT_S) == 200
        assert get(gateway, "/health/ready", timeout_s=PROBE_TIMEOUT_S) == 503
    answers = [one.result(60) for one in asked]
    assert {status for status, _ in answers} == {503}
    assert max(took_s for _, took_s in answers) < 30
    gateway.machine.postgres.go_on()
    began_s = time.monotonic()
    gateway.assert_paid_once(shop, shop.pay(payer)["id"])
    assert time.monotonic() - began_s < 15


def get(gateway: Gateway, path: str, *, timeout_s: float, **headers: str) -> int:
    """The status, asked for over a new connection, as platforms do; raises when it is late."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(gateway.stack.url + path, headers=headers, timeout=timeout_s).status_code
