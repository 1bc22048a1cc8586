"""How many payments a second the web process accepts: the rows A of docs/performance.md.

The whole web process as the Procfile starts it, on two processes; no worker runs beside it. With a
test key, because all orders name one number, of which a live key may ask only so much.
"""

from bench import autocannon
from bench.autocannon import Figures
from bench.rig import Merchants
from dev.stack import Stack

SHARE_OF_THE_KNEE = 0.7


def at_the_knee(stack: Stack, *, seconds: float) -> Figures:
    """As many as it takes on 32 connections."""
    return _run(stack, seconds=seconds)


def at_a_constant_rate(stack: Stack, *, per_s: float, seconds: float) -> Figures:
    """At this rate, whatever comes back."""
    return _run(stack, seconds=seconds, per_s=per_s)


def _run(stack: Stack, *, seconds: float, per_s: float | None = None) -> Figures:
    merchants = Merchants.open(stack, count=1)
    return autocannon.run(
        f"{stack.url}/api/v1/payments",
        seconds=seconds,
        per_s=per_s,
        headers=merchants.headers[0],
    )
