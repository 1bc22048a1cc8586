"""What takes longer the more there is: the rows G1 of docs/performance.md.

Three databases on one PostgreSQL: with few payments, with many of one merchant, and with few of
them but much work due. Every question is put to two of them in turns.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench import due_work, lists, many_rows
from bench.found import Found
from bench.rig import LIMITS
from dev.merchant import Merchant
from dev.servers import FAST, Servers, servers, temporary_directory
from dev.stack import Stack
from zampay.kernel import ids

FEW, FEW_DUE = 5_000, 100
TURNS: Final = 30
_SETTINGS = {**FAST, "autovacuum": "off", "shared_buffers": "1GB", "max_wal_size": "16GB"}
Question = Callable[[], object]


def measure(found: Found, *, rows: int, due: int) -> None:
    """So many payments of one merchant beside few, and so much due beside little."""
    with ExitStack() as closing:
        directory = closing.enter_context(temporary_directory())
        started = closing.enter_context(servers(directory, settings=_SETTINGS))
        with Stack(started, directory) as template:
            template.migrate()
        few, many, owed = (
            closing.enter_context(_stack(started, directory / name))
            for name in ("few", "many", "owed")
        )
        shops = {stack: _shop(stack) for stack in (few, many)}
        with ThreadPoolExecutor(2) as pool:
            filled = [
                pool.submit(many_rows.fill, many, shops[many].tenant_id, rows=rows, due=FEW_DUE),
                pool.submit(many_rows.fill, owed, ids.new("ten"), rows=FEW, due=due),
                pool.submit(many_rows.fill, few, shops[few].tenant_id, rows=FEW, due=FEW_DUE),
            ]
        for one in filled:
            one.result()
        scale = f"{due:,} due ÷ {FEW_DUE}"
        with due_work.asking(few) as some, due_work.asking(owed) as all_of_it:
            _compare(found, scale, due_work.choosing(some), due_work.choosing(all_of_it))
        scale = f"{rows:,} payments ÷ {FEW:,}"
        _compare(found, scale, lists.questions(shops[few]), lists.questions(shops[many]))
        with due_work.asking(few) as some, due_work.asking(many) as all_of_it:
            _compare(found, scale, due_work.gauges(some), due_work.gauges(all_of_it))


def _stack(started: Servers, directory: Path) -> Stack:
    url = started.create_database(directory.name, template="zampay")
    settings = {**LIMITS, "WEB_CONCURRENCY": "1", "METRICS_TOKEN": lists.METRICS_TOKEN}
    return Stack(replace(started, database_url=url), directory, environment=settings)


def _shop(stack: Stack) -> Merchant:
    stack.start("web")
    known = Merchant.register(stack.url, business_name="Shop", email="shop@shop.example")
    return known.live()


def _compare(
    found: Found, scale: str, little: Mapping[str, Question], much: Mapping[str, Question]
) -> None:
    """Each question to both, in turns; their medians, and how they compare."""
    for name in little:
        took_ms: dict[str, list[float]] = {"few": [], "many": []}
        for _ in range(TURNS):
            for size, question in (("few", little[name]), ("many", much[name])):
                began_s = time.perf_counter()
                question()
                took_ms[size].append(1000 * (time.perf_counter() - began_s))
        one, other = f"G1: {name}, few, ms", f"G1: {name}, many, ms"
        found.note(one, statistics.median(took_ms["few"]))
        found.note(other, statistics.median(took_ms["many"]))
        found.compare(f"G1: {name}, {scale}", other, one)
