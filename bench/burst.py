"""How long the last webhook takes after a burst of payments: the row E4 of docs/performance.md."""

import asyncio
from collections.abc import Mapping

from bench.found import Found
from bench.rig import LIMITS, Merchants, open_rig
from bench.settle import Run
from dev.environment import LOOPBACK, free_port
from dev.stack import ALL

PAYMENTS = 1000
_RATE = 5000
"""More than is ever accepted: as fast as it goes."""


def measure(found: Found, network: Mapping[str, str]) -> None:
    """A thousand payments of four merchants at once."""
    with open_rig({**LIMITS, **network}) as stack:
        stack.start(*ALL)
        port = free_port()
        merchants = Merchants.open(stack, count=4, receiver=f"http://{LOOPBACK}:{port}/")
        seconds = (PAYMENTS - 1) / _RATE
        run = Run(stack, merchants, rate=_RATE, seconds=seconds, patience_s=180)
        asyncio.run(run.perform(port))
        print(run.report(), flush=True)
    found.note("E4: last webhook after a burst of 1,000 payments, s", run.whole_s)
    found.note("E4: payments without a final webhook by then", run.unsettled)
