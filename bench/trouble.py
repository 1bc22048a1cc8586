"""Accepts while something else is in trouble: the rows A4 and A5 of docs/performance.md.

Live payments of five merchants at a constant rate below the knee, with every process at work.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import psutil
import requests

from bench.found import Found
from bench.offer import Offer, share_of
from bench.rig import LIMITS, Merchants, open_rig
from dev.environment import DevError
from dev.stack import ALL, Stack

WELL, HANGS = "accept p99 with the network well, ms", "accept p99 with the network hanging, ms"
FAILING = {"operation": "*", "kind": "status", "status": 503, "probability": 0.01}
HANGING = {"operation": "*", "kind": "hang"}
_TENANTS = 5
_WARM_UP_S = 3


def hanging(found: Found, *, rate: float, seconds: float) -> None:
    """The network well but for one request of a hundred, and then without any answer."""
    with open_rig(LIMITS) as stack:
        stack.start(*ALL)
        merchants = Merchants.open(stack, count=_TENANTS, live=True)
        _accepts(stack, merchants, rate=rate, seconds=_WARM_UP_S)
        _faults(stack, FAILING)
        well = _accepts(stack, merchants, rate=rate, seconds=seconds)
        _faults(stack, HANGING)
        bad = _accepts(stack, merchants, rate=rate, seconds=seconds)
        _release(stack)
    found.note(WELL, share_of(well.accept_ms, 0.99))
    found.note(HANGS, share_of(bad.accept_ms, 0.99))
    found.note("answers that were errors, the network hanging", bad.refused)
    found.compare("A4: accept p99 with the network hanging ÷ with it well", HANGS, WELL)


def without_redis(found: Found, *, rate: float, seconds: float) -> None:
    """Redis gone, from one moment to the next."""
    with open_rig(LIMITS) as stack:
        stack.start(*ALL)
        merchants = Merchants.open(stack, count=_TENANTS, live=True)
        _accepts(stack, merchants, rate=rate, seconds=_WARM_UP_S)
        _kill_redis(stack)
        gone = _accepts(stack, merchants, rate=rate, seconds=seconds)
    found.note("A5: accept p99 with Redis gone, ms", share_of(gone.accept_ms, 0.99))
    found.note("A5: answers that were errors", gone.refused)


def _accepts(stack: Stack, merchants: Merchants, *, rate: float, seconds: float) -> Offer:
    offer = Offer(stack.port, merchants, rate, seconds)
    asyncio.run(offer.perform())
    return offer


def _faults(stack: Stack, *faults: dict[str, Any]) -> None:
    _tell(stack, "PUT", "faults", json=list(faults))


def _release(stack: Stack) -> None:
    _faults(stack)
    _tell(stack, "POST", "release")


def _tell(stack: Stack, method: str, what: str, *, json: Any = None) -> None:
    url = f"{stack.simulator_urls['MTN']}/_admin/{what}"
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between this machine and itself
        session.request(method, url, json=json, timeout=10).raise_for_status()


def _kill_redis(stack: Stack) -> None:
    if stack.servers.admin_url is None:
        raise DevError("The Redis of the environment is not ours to end: unset REDIS_URL.")
    port = str(urlsplit(stack.servers.redis_url).port)
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "valkey-server" and port in " ".join(process.info["cmdline"]):
            process.kill()
            process.wait(5)
