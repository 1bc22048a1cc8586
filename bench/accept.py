"""How many payments a second the web process accepts: the rows A of docs/performance.md.

The whole web process as the Procfile starts it, on two processes; no worker runs beside it. With a
test key, because all orders name one number, of which a live key may ask only so much.
"""

from collections.abc import Mapping

from bench import autocannon, loadtest
from bench.autocannon import Figures
from bench.rig import Merchants
from dev.stack import Stack

SHARE_OF_THE_KNEE = 0.7


def at_the_knee(stack: Stack, *, seconds: float) -> Figures:
    """As many as it takes on 32 connections."""
    return autocannon.run(_url(stack), seconds=seconds, headers=_headers(stack))


def at_a_constant_rate(stack: Stack, *, per_s: float, seconds: float) -> Figures:
    """At this rate, whatever comes back."""
    return loadtest.run(_url(stack), seconds=seconds, per_s=per_s, headers=_headers(stack))


def _url(stack: Stack) -> str:
    return f"{stack.url}/api/v1/payments"


def _headers(stack: Stack) -> Mapping[str, str]:
    return Merchants.open(stack, count=1).headers[0]
