"""SIGTERM under load: no request dropped, no task lost, and all within a platform's 30 seconds."""

import http.client
import itertools
import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

import psycopg
import pytest
import requests

from dev.environment import LOOPBACK, await_condition
from dev.merchant import Merchant
from dev.servers import as_postgresql
from dev.stack import Stack
from dev.supervisor import Process

GRACE_S = 30.0
CLIENTS = 8  # as many as one process works on, so that all can be under way at once
PAYER = "260963123400"


class Load:
    """Clients that each ask for one payment after the other, on a new connection, until refused."""

    def __init__(self, merchants: list[Merchant], port: int) -> None:
        self.outcomes: Counter[str] = Counter()
        self._port = port
        self._orders = itertools.count(1)
        self._clients = [
            threading.Thread(target=self._ask_until_refused, args=(merchant,))
            for merchant in merchants
        ]

    def __enter__(self) -> Self:
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients:
            client.join()

    def _ask_until_refused(self, merchant: Merchant) -> None:
        outcome = ""
        while outcome != "refused":
            outcome = self._ask(merchant)
            self.outcomes[outcome] += 1

    def _ask(self, merchant: Merchant) -> str:
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=GRACE_S)
        order = {"externalId": f"o-{next(self._orders)}", "amount": "1.00", "msisdn": PAYER}
        headers = {"Content-Type": "application/json", "Connection": "close"}
        try:
            connection.connect()
        except ConnectionRefusedError:
            return "refused"
        try:
            connection.request(
                "POST", "/api/v1/payments", json.dumps(order), merchant.headers | headers
            )
            return str(connection.getresponse().status)
        except (OSError, http.client.HTTPException) as error:
            return f"dropped: {error!r}"
        finally:
            connection.close()


def is_closed(port: int) -> bool:
    """Whether nobody takes connections any more, as a platform's router finds out."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False  # taken, and cut off in the moment of closing
    return False


@contextmanager
def held_back(url: str) -> Iterator[Callable[[], int]]:
    """Requests for payments wait in the database; gives how many do."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'transfers'::regclass"
    with psycopg.connect(as_postgresql(url)) as link:
        link.execute("LOCK TABLE transfers IN EXCLUSIVE MODE")
        yield lambda: number(link, waiting)


def number(link: psycopg.Connection, query: str) -> int:
    row = link.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def count(url: str, where: str = "true") -> int:
    """How many payments there are."""
    with psycopg.connect(as_postgresql(url)) as link:
        link.execute("SELECT set_config('zampay.every_tenant', 'on', true)")
        return number(link, f"SELECT count(*) FROM transfers WHERE {where}")  # noqa: S608


def to_the_process(process: Process) -> None:
    """As Docker and Kubernetes do."""
    os.kill(process.pid, signal.SIGTERM)


def to_all_of_it(process: Process) -> None:
    """As Heroku does: to every process of the container at once."""
    os.killpg(process.pid, signal.SIGTERM)


@pytest.mark.parametrize(
    "terminate", [pytest.param(to_the_process, marks=pytest.mark.long), to_all_of_it]
)
def test_a_web_process_answers_all_that_it_took_before_it_ends(
    stack: Stack, terminate: Callable[[Process], None]
) -> None:
    stack.start("web")
    url = stack.servers.database_url
    merchants = [  # one for each client, because a merchant takes only part of the slots
        Merchant.register(stack.url, business_name="Load", email=f"owner{number}@example.com")
        for number in range(CLIENTS)
    ]
    web = stack.process("web")
    with Load(merchants, stack.port) as load:
        await_condition(lambda: load.outcomes["202"] > 50, timeout_s=30, wanted="load")
        with held_back(url) as waiting:
            await_condition(
                lambda: waiting() == CLIENTS, timeout_s=10, wanted="every request under way"
            )
            began_s = time.monotonic()
            terminate(web)
            await_condition(lambda: is_closed(stack.port), timeout_s=10, wanted="no listener")
    assert web.wait(timeout_s=GRACE_S - (time.monotonic() - began_s)) == 0
    # 503 is an answer, too: on a slow machine a request may wait longer than it may for its lock.
    assert set(load.outcomes) <= {"202", "503", "refused"}, load.outcomes
    assert count(url) == load.outcomes["202"]


@pytest.mark.long
def test_a_worker_finishes_its_calls_and_leaves_the_rest_to_the_next_one(stack: Stack) -> None:
    stack.start("simulator", "web", "worker", environment={"WORKER_CONCURRENCY": "4"})
    url = stack.servers.database_url
    hangs = {"operation": "requesttopay", "kind": "hang", "times": None}
    admin = f"{stack.simulator_urls['MTN']}/_admin"
    requests.post(f"{admin}/faults", json=hangs, timeout=10).raise_for_status()
    merchant = Merchant.register(stack.url, business_name="Load", email="owner@example.com").live()
    for order in range(8):
        merchant.pay(external_id=f"o-{order}", amount="1.00", msisdn=PAYER)
    await_condition(
        lambda: count(url, "state = 'SUBMITTING'") == 4, timeout_s=20, wanted="calls under way"
    )
    worker = stack.process("worker")
    to_the_process(worker)
    worker.await_log("worker_ending")  # only then may the calls that it has under way end
    requests.delete(f"{admin}/faults", timeout=10).raise_for_status()
    requests.post(f"{admin}/release", timeout=10).raise_for_status()
    assert worker.wait(timeout_s=GRACE_S) == 0, worker.tail()
    assert [count(url, f"state = '{state}'") for state in ("PROCESSING", "PENDING")] == [4, 4]

    stack.start("worker", "beat")
    await_condition(
        lambda: count(url, "state = 'SUCCESSFUL'") == 8, timeout_s=60, wanted="the end of all"
    )
    journal = requests.get(f"{admin}/journal", timeout=10).json()
    assert sorted(journal["byExternalId"].values()) == [1] * 8
