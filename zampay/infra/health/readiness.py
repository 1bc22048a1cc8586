"""Can everything work that work needs? Each dependency is tried, with a time-out of its own: one
that answers may still be read-only, full, or a replica.

Without the database, or with one that this program's migrations have not reached, nothing can be
done. Without Redis, workers or beat payments are still accepted and kept: degraded, not dead.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import redis
import sqlalchemy as sa
from flask import Flask, current_app

from zampay.infra.database import migrations
from zampay.infra.health import health_connection
from zampay.infra.queue import heartbeat
from zampay.infra.redis import redis_client
from zampay.infra.telemetry import error_text
from zampay.kernel import clock

TIMEOUT_S = 3.0


class Verdict(StrEnum):
    """What a check found."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


class Code(StrEnum):
    """What a check found, for programs; its words may change."""

    ANSWERS = "answers"
    AWAY = "away"
    NO_ANSWER = "no_answer"
    NO_WRITES = "no_writes"
    UP_TO_DATE = "up_to_date"
    NEWER = "newer"
    BEHIND = "behind"
    SEEN = "seen"
    SILENT = "silent"
    NEVER_SEEN = "never_seen"


@dataclass(frozen=True, slots=True)
class Check:
    """One dependency: what was found, as a code and in words, and how long that took."""

    name: str
    verdict: Verdict
    code: Code
    says: str
    duration_ms: float


class Examiner:
    """Runs the checks beside each other; one that hangs is not started again until it ends."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="readiness")
        self._running: dict[str, Future[list[Check]]] = {}

    def examine(self) -> list[Check]:
        """Every check's answer, within the time-out."""
        started_s = clock.monotonic_s()
        for name, check in (("database", _database), ("redis", _redis)):
            known = self._running.get(name)
            if known is None or known.done():
                self._running[name] = self._threads.submit(self._in_context, check)
        found = []
        for name, future in list(self._running.items()):
            left_s = max(started_s + TIMEOUT_S - clock.monotonic_s(), 0.01)
            try:
                found.extend(future.result(timeout=left_s))
            except TooLate:
                verdict = Verdict.FAILED if name == "database" else Verdict.DEGRADED
                says = f"no answer within {TIMEOUT_S:g} s"
                found.append(Check(name, verdict, Code.NO_ANSWER, says, TIMEOUT_S * 1000))
        return found

    def _in_context(self, check: Callable[[], Iterator[Check]]) -> list[Check]:
        with self._app.app_context():
            return list(check())


def init(app: Flask, *, writes: tuple[str, ...]) -> None:
    """Prepare the examiner; it starts no thread before the first examination. `writes`: the tables
    without which no payment is accepted.
    """
    app.extensions["tables_written"] = writes
    app.extensions["examiner"] = Examiner(app)


def examine() -> list[Check]:
    """Every dependency of the current application, examined now."""
    examiner: Examiner = current_app.extensions["examiner"]
    return examiner.examine()


def _database() -> Iterator[Check]:
    """Whether it can be read and written; what was read of it is told in any case."""
    started_s, read = clock.monotonic_s(), []
    tables: tuple[str, ...] = current_app.extensions["tables_written"]
    try:
        with health_connection.connection() as link:
            read = [*_migrations(link), *_heartbeats(link)]
        health_connection.try_to_write(tables)
    except sa.exc.SQLAlchemyError as error:
        code = Code.NO_WRITES if read else Code.AWAY
        trouble = "no payment can be kept" if read else "away"
        says = f"{trouble}: {error_text.of_database(error)}"
        yield _check("database", Verdict.FAILED, code, says, started_s)
    else:
        yield _check("database", Verdict.OK, Code.ANSWERS, "answers", started_s)
    yield from read


def _migrations(link: sa.Connection) -> Iterator[Check]:
    """At this program's head, or beyond it: during a roll-out the old program meets a newer
    database, and must go on until the new one has taken over.
    """
    started_s = clock.monotonic_s()
    known, heads = migrations.revisions()
    table_is_there = link.scalar(sa.text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    found = (
        set(link.scalars(sa.text("SELECT version_num FROM alembic_version")))
        if (table_is_there)
        else set()
    )
    if found == heads:
        says = f"at {', '.join(sorted(heads))}"
        yield _check("migrations", Verdict.OK, Code.UP_TO_DATE, says, started_s)
    elif found - known:
        says = f"the database is newer than this program ({', '.join(sorted(found))})"
        yield _check("migrations", Verdict.OK, Code.NEWER, says, started_s)
    else:
        found_at, wanted = ", ".join(sorted(found)) or "nothing", ", ".join(sorted(heads))
        says = f"behind: the database is at {found_at}, this program needs {wanted}"
        yield _check("migrations", Verdict.FAILED, Code.BEHIND, says, started_s)


def _heartbeats(link: sa.Connection) -> Iterator[Check]:
    started_s = clock.monotonic_s()
    table_is_there = link.scalar(sa.text("SELECT to_regclass('heartbeats') IS NOT NULL"))
    ages: dict[str, Any] = {}
    if table_is_there:
        ages = {row.role: float(row.age_s) for row in link.execute(heartbeat.AGES)}
    for role in heartbeat.ROLES:
        age_s = ages.get(role)
        if age_s is None:
            yield _check(role, Verdict.DEGRADED, Code.NEVER_SEEN, "never seen", started_s)
        else:
            lately = age_s <= heartbeat.SILENT_AFTER_S
            found = (Verdict.OK, Code.SEEN) if lately else (Verdict.DEGRADED, Code.SILENT)
            yield _check(role, *found, f"seen {max(age_s, 0):.0f} s ago", started_s)


def _redis() -> Iterator[Check]:
    started_s = clock.monotonic_s()
    try:
        redis_client.client().set("readiness", "1", px=1000)
    except redis.RedisError as error:
        answered = isinstance(error, redis.ResponseError | redis.BusyLoadingError)
        code = Code.NO_WRITES if answered else Code.AWAY
        says = f"{'of no use' if answered else 'away'}: {error_text.of_redis(error)}"
        yield _check("redis", Verdict.DEGRADED, code, says, started_s)
    else:
        yield _check("redis", Verdict.OK, Code.ANSWERS, "answers", started_s)


def _check(name: str, verdict: Verdict, code: Code, says: str, started_s: float) -> Check:
    return Check(name, verdict, code, says, round((clock.monotonic_s() - started_s) * 1000, 1))
