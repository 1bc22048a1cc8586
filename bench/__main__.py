"""`make bench`: the gateway beside bare programs, in one run, for docs/performance.md.

Every figure is a median over the turns. The raw figures of each turn are printed first.
"""

import argparse
import asyncio
from collections.abc import Callable

from bench import accept, burst, growth, idle, in_flight, ruler, settle, trouble
from bench.found import Found
from bench.rig import CREDENTIALS, LIMITS, Merchants, open_rig
from dev.environment import LOOPBACK, ROOT, free_port, run_program
from dev.stack import ALL, Stack

REPORT = ROOT / "docs" / "performance.md"
PAYER_S = 0.5
AT_ONCE = {f"SIMULATOR_{code}_APPROVAL_S": str(PAYER_S) for code in CREDENTIALS}
OWN_WALLETS = 50
NETWORK = {**AT_ONCE, "SIMULATOR_MTN_ANSWER_S": "0.12", "SIMULATOR_MTN_ANSWER_P99_S": "0.38"}
"""Answers as a real network's: half within 120 ms, 99 of 100 within 380 ms."""
RATES = (8, 12, 16, 20, 24, 28, 34, 40)
SUSTAINED = 0.95
"""A rate is sustained if so much of it is settled while it lasts."""


def main() -> None:
    """Measure, print, and write the table."""
    options = _options()
    found = Found(ratios=_RATIOS.copy())
    for part in options.only or PARTS:
        print(part, flush=True)
        PARTS[part](found, options)
    table = found.table()
    print(table)
    if options.write:
        text = REPORT.read_text(encoding="utf-8")
        head, mark, _ = text.partition("<!-- figures -->\n")
        REPORT.write_text(f"{head}{mark}\n{table}", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, help="these rows of the table")
    parser.add_argument("--turns", type=int, default=3, help="of the rows A1 and E1")
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement")
    parser.add_argument("--rate", type=float, default=10, help="accepts a second of A4 and A5")
    parser.add_argument("--rows", type=int, default=100_000, help="payments of G1's merchant")
    parser.add_argument("--due", type=int, default=100_000, help="due rows of G1")
    parser.add_argument("--write", action="store_true", help="write the table to docs")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write wants all rows")
    return options


def _accepts(found: Found, options: argparse.Namespace) -> None:
    with open_rig({**LIMITS, **NETWORK}) as stack:
        ruler.prepare(stack)
        for turn in range(options.turns):
            print(f"turn {turn + 1}", flush=True)
            _bare(stack, found, options.seconds)
            _accept(stack, found, options.seconds)


def _settles(found: Found, options: argparse.Namespace) -> None:
    with open_rig({**LIMITS, **NETWORK}) as stack:  # without the payments that were only accepted
        stack.start(*ALL)
        knee = _sustained(stack, found, seconds=2 * options.seconds)
    with open_rig({**LIMITS, **AT_ONCE}) as stack:
        stack.start(*ALL)
        calm = _settled(stack, rate=knee / 2, seconds=2 * options.seconds)
        found.note(OWN_PART, 1000 * (calm.lag_s(0.95) - PAYER_S))
        many = _settled(stack, rate=knee / 2, seconds=2 * options.seconds, own_wallets=True)
        found.note(MANY_WALLETS, many.settled_per_s)
        found.note(MANY_WALLETS_P95, 1000 * (many.lag_s(0.95) - PAYER_S))


def _many_in_flight(found: Found, _: argparse.Namespace) -> None:
    in_flight.measure(found, threads=16, payments=100)
    in_flight.measure(found, threads=500, payments=1200)


PARTS: dict[str, Callable[[Found, argparse.Namespace], None]] = {
    "A1": _accepts,
    "A4": lambda found, options: trouble.hanging(
        found, rate=options.rate, seconds=2 * options.seconds
    ),
    "A5": lambda found, options: trouble.without_redis(
        found, rate=options.rate, seconds=2 * options.seconds
    ),
    "E1": _settles,
    "E3": _many_in_flight,
    "E4": lambda found, _: burst.measure(found, NETWORK),
    "G1": lambda found, options: growth.measure(found, rows=options.rows, due=options.due),
    "M1": lambda found, _: idle.measure(found),
}
"""By the first row of the table that each measures."""

PGBENCH = "pgbench, the rows of an accept, transactions/s"
FLASK = "bare Flask insert, requests/s"
FASTAPI = "bare FastAPI insert, requests/s"
CALLS = "Flask that calls the network in the request, requests/s"
NO_OP = "Celery no-op, tasks/s"
ACCEPTS = "accepts at the knee, payments/s"
BARE_PATH = "the same path without any promise, payments/s"
SETTLED = "settled payments/s, POST to final webhook, sustained"
MANY_WALLETS = (
    f"settled payments/s, {OWN_WALLETS} merchants with wallets at three networks, at half of that"
)
MANY_WALLETS_P95 = "the same, POST to final webhook without the payer, p95, ms"
OWN_PART = "E2: POST to final webhook without payer and network, at half of that, p95, ms"

_RATIOS = {
    "A1: accepts at the knee ÷ bare Flask insert": (ACCEPTS, FLASK),
    "A2: accepts at the knee ÷ bare FastAPI insert": (ACCEPTS, FASTAPI),
    "accepts at the knee ÷ Flask that calls the network in the request": (ACCEPTS, CALLS),
    "E1: settled payments ÷ Celery no-op": (SETTLED, NO_OP),
    "the same path without any promise ÷ Celery no-op": (BARE_PATH, NO_OP),
    "settled payments ÷ the same path without any promise": (SETTLED, BARE_PATH),
}


def _bare(stack: Stack, found: Found, seconds: float) -> None:
    found.note(PGBENCH, ruler.pgbench(stack, seconds=seconds))
    found.note(FLASK, ruler.flask(stack, seconds=seconds).per_s)
    found.note(FASTAPI, ruler.fastapi(stack, seconds=seconds).per_s)
    found.note(CALLS, ruler.call_in_request(stack, seconds=seconds).per_s)
    found.note(NO_OP, ruler.no_op(stack))
    found.note(BARE_PATH, ruler.bare_path(stack, seconds=2 * seconds))


def _accept(stack: Stack, found: Found, seconds: float) -> None:
    stack.start("web")
    try:
        accept.at_the_knee(stack, seconds=2)
        knee = accept.at_the_knee(stack, seconds=seconds)
        per_s = accept.SHARE_OF_THE_KNEE * knee.per_s
        calm = accept.at_a_constant_rate(stack, per_s=per_s, seconds=seconds)
    finally:
        stack.stop("web")
    found.note(ACCEPTS, knee.per_s)
    found.note("accept p99 at the knee, ms", knee.p99_ms)
    found.note("A3: accept p99 at 70 % of the knee, ms", calm.p99_ms)
    found.note("answers that were wrong", knee.wrong + calm.wrong)


def _sustained(stack: Stack, found: Found, *, seconds: float) -> float:
    """Offer more and more, until not all of it is settled; the highest rate that was."""
    last: settle.Run | None = None
    for rate in RATES:
        run = _settled(stack, rate=rate, seconds=seconds)
        if run.settled_per_s < SUSTAINED * rate:
            break
        last = run
    assert last is not None, f"not even {RATES[0]}/s"
    found.note(SETTLED, last.settled_per_s)
    found.note("S1: transactions per payment", last.transactions)
    for name, used in last.cpu_ms.items():
        found.note(f"S1: CPU per payment, {name}, ms", used)
    return last.settled_per_s


def _settled(stack: Stack, *, rate: float, seconds: float, own_wallets: bool = False) -> settle.Run:
    port = free_port()
    count = OWN_WALLETS if own_wallets else 4
    merchants = Merchants.open(stack, count=count, receiver=f"http://{LOOPBACK}:{port}/")
    merchants = merchants.with_wallets(stack) if own_wallets else merchants
    run = settle.Run(stack, merchants, rate=rate, seconds=seconds)
    asyncio.run(run.perform(port))
    print(run.report(), flush=True)
    return run


if __name__ == "__main__":
    run_program(main)
