"""How many payments a second the web process accepts: `POST /api/v1/payments` with a test key.

Runs the whole web process as the Procfile starts it, on a real PostgreSQL that really syncs and a
real Valkey, with no worker beside it, and other servers in turn (A B C, A B C, ...) because a
machine is never quiet. Baseline: bench/accept.md.
"""

import argparse
import itertools
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from bench import load
from dev.environment import run_program
from dev.merchant import Merchant
from dev.servers import DURABLE, servers, temporary_directory
from dev.stack import PROCFILE, Stack, shell

_LIMITS = {
    "RATE_LIMIT_PER_KEY": "1000000/second",
    "NUMBER_MAX_OPEN": "1000000",
    "NUMBER_MAX_PER_MINUTE": "1000000",
    "NUMBER_MAX_PER_HOUR": "1000000",
    "LOG_LEVEL": "WARNING",
}
_WARM_UP_S = 1.5


def main() -> None:
    """Measure each server so often, in turn, and print the medians."""
    options = _options()
    with (
        temporary_directory() as directory,
        servers(directory, settings=DURABLE) as started,
        Stack(started, directory, environment=_LIMITS) as stack,
    ):
        stack.migrate()
        found = _measure(stack, _candidates(options.server), options)
    _print_medians(found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="length of a run")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each server")
    parser.add_argument("--connections", type=int, default=32, help="requests at a time")
    parser.add_argument("--bare", action="store_true", help="GET /health/live instead")
    parser.add_argument(
        "--server",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="one more server; $PORT stands for its port",
    )
    return parser.parse_args()


def _candidates(given: list[str]) -> dict[str, str]:
    named = [one.partition("=") for one in given]
    return {"Procfile": PROCFILE["web"], **{name: line for name, _, line in named}}


def _measure(
    stack: Stack, candidates: dict[str, str], options: argparse.Namespace
) -> dict[str, list[dict[str, float]]]:
    found = defaultdict(list)
    for turn in range(options.repeats):
        for name, line in candidates.items():
            with _web(stack, line):
                row = _run(stack, options)
            print(f"{turn + 1}  {name:<28} {_line(row)}", flush=True)
            found[name].append(row)
    return found


@contextmanager
def _web(stack: Stack, line: str) -> Iterator[None]:
    stack.start("web", command=shell(line))
    try:
        yield
    finally:
        stack.stop("web")


def _run(stack: Stack, options: argparse.Namespace) -> dict[str, float]:
    request = _bare if options.bare else _orders(stack.url)
    load.run(stack.port, connections=options.connections, duration_s=_WARM_UP_S, request=request)
    load_before, cpu_before_s = os.getloadavg()[0], _cpu_s(stack)
    figures = load.run(
        stack.port, connections=options.connections, duration_s=options.seconds, request=request
    )
    cpu_s = _cpu_s(stack) - cpu_before_s
    good = figures.statuses["200" if options.bare else "202"]
    return {
        "per_s": figures.per_s,
        "p50_ms": figures.percentile_ms(0.50),
        "p99_ms": figures.percentile_ms(0.99),
        "cpu_ms": 1000 * cpu_s / max(good, 1),
        "errors": sum(figures.statuses.values()) - good,
        "mib": _memory_mib(stack),
        "load": load_before,
    }


def _family(stack: Stack) -> list[psutil.Process]:
    first = psutil.Process(stack.process("web").pid)
    return [first, *first.children(recursive=True)]


def _cpu_s(stack: Stack) -> float:
    """Processor time of all web processes so far: what a request costs, also beside neighbours."""
    return float(sum(sum(one.cpu_times()[:2]) for one in _family(stack)))


def _memory_mib(stack: Stack) -> float:
    """Memory of all web processes after the run; what they share is counted once."""
    return float(sum(one.memory_full_info().pss for one in _family(stack))) / 2**20


def _bare() -> bytes:
    return b"GET /health/live HTTP/1.1\r\nHost: bench\r\n\r\n"


def _orders(url: str) -> Callable[[], bytes]:
    """Requests of a new merchant, each with its own externalId."""
    merchant = Merchant.register(url, business_name="Bench", email="bench@bench.example")
    numbers = itertools.count()
    began = time.time_ns()
    headers = "".join(f"{name}: {text}\r\n" for name, text in merchant.headers.items())

    def render() -> bytes:
        body = (
            f'{{"externalId":"{began}-{next(numbers)}","amount":"12.50","msisdn":"260963123400"}}'
        )
        return (
            f"POST /api/v1/payments HTTP/1.1\r\nHost: bench\r\n{headers}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    return render


def _line(row: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:8.1f}" for name, value in row.items())


def _print_medians(found: dict[str, list[dict[str, float]]]) -> None:
    first = next(iter(found))
    base = statistics.median(row["per_s"] for row in found[first])
    print(f"\nMedians; ratio to {first}")
    for name, rows in found.items():
        row = {key: statistics.median(one[key] for one in rows) for key in rows[0]}
        print(f"   {name:<28} {_line(row)}  ratio {row['per_s'] / base:5.2f}")


if __name__ == "__main__":
    run_program(main)
