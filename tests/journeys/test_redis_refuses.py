"""Redis answers but does not work: as a replica, full, without rights. Workers and beat wait."""

import time
from collections.abc import Callable

import pytest
import redis

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop

BACK_WITHIN_S = 10
ADMIN, PASSWORD = "operator", "an-operators-password"
Act = Callable[["redis.Redis"], None]


def commands(*lines: str) -> Act:
    def run(server: "redis.Redis") -> None:
        for line in lines:
            server.execute_command(*line.split())  # type: ignore[no-untyped-call]

    return run


def garbage(server: "redis.Redis") -> None:
    for queue in ("transfers", "sweeps", "webhooks"):
        server.lpush(queue, "no message", '{"body": 1}', "[]")


QUICK = "a replica"
TROUBLE = {
    QUICK: (commands("REPLICAOF 127.0.0.1 1"), commands("REPLICAOF NO ONE")),
    "a replica that knows nothing": (
        commands("CONFIG SET replica-serve-stale-data no", "REPLICAOF 127.0.0.1 1"),
        commands("REPLICAOF NO ONE", "CONFIG SET replica-serve-stale-data yes"),
    ),
    "full": (commands("CONFIG SET maxmemory 1"), commands("CONFIG SET maxmemory 0")),
    "without rights": (
        commands("ACL SETUSER default -@all +ping +auth", "CLIENT KILL TYPE normal SKIPME yes"),
        commands("ACL SETUSER default +@all"),
    ),
    "not to read and not to write": (
        commands("ACL SETUSER default -@write -@read"),
        commands("ACL SETUSER default +@all"),
    ),
    "another's keys": (
        commands("DEL transfers sweeps", "SET transfers x", "SET sweeps x"),
        commands("DEL transfers sweeps"),
    ),
    "garbage": (garbage, commands("PING")),
}


SEEN_ON_CONNECTING = TROUBLE.keys() - {"another's keys", "garbage"}
"""Whoever connects is told at once, and waits before the next try."""


@pytest.mark.parametrize(
    "trouble",
    [QUICK, *(pytest.param(name, marks=pytest.mark.long) for name in TROUBLE if name != QUICK)],
)
def test_workers_and_beat_wait_for_a_redis_that_refuses(
    gateway: Gateway, network: Network, shop: Shop, payer: str, trouble: str
) -> None:
    break_it, mend_it = TROUBLE[trouble]
    pids = {name: gateway.stack.process(name).pid for name in ("worker", "beat")}
    said_before = len(gateway.stack.process("worker").output())
    url = gateway.machine.servers.redis_url
    with redis.Redis.from_url(url) as first:
        first.execute_command("ACL", "SETUSER", ADMIN, "on", f">{PASSWORD}", "~*", "&*", "+@all")
    place = url.rpartition("@")[2]
    with redis.Redis.from_url(f"redis://{ADMIN}:{PASSWORD}@{place}") as server:
        break_it(server)
        accepted = shop.pay(payer)["id"]
        time.sleep(3)  # the time in which a process that gives up would do so
        mend_it(server)
    mended_s = time.monotonic()
    gateway.assert_paid_once(shop, accepted)
    assert time.monotonic() - mended_s < BACK_WITHIN_S
    said = gateway.stack.process("worker").output()[said_before:]
    assert trouble not in SEEN_ON_CONNECTING or "Frequent restarts" not in said
    assert {name: gateway.stack.process(name).pid for name in pids} == pids
    assert all(gateway.stack.process(name).alive for name in pids)
