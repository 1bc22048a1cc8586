"""Servers that answer and are of no use: read-only, full, without rights, a replica. Payments are
refused with 503 or kept, never a 500; health and doctor say what it is.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import redis
import sqlalchemy as sa
from flask import Flask
from kombu.exceptions import OperationalError

import config
from dev.servers import Servers, as_postgresql
from tests.infra.conftest import MakeApp, another_app
from tests.support.commands import run
from tests.support.merchants import Merchant, answered
from tests.support.refusals import refusal
from tests.support.tables import row_counts
from zampay.cli.doctor import examine
from zampay.infra.database import database_errors, db
from zampay.infra.health.readiness import Code
from zampay.infra.telemetry import error_text
from zampay.kernel.findings import Verdict

__all__ = ["another_app"]

E = psycopg.errors
STATES: dict[str, tuple[str, str, Code, psycopg.Error]] = {
    "read-only": (
        "ALTER DATABASE {0} SET default_transaction_read_only = on",
        "ALTER DATABASE {0} RESET default_transaction_read_only",
        Code.NO_WRITES,
        E.ReadOnlySqlTransaction(),
    ),
    "without rights": (
        "REVOKE INSERT ON transfers FROM current_user",
        "GRANT INSERT ON transfers TO current_user",
        Code.NO_WRITES,
        E.InsufficientPrivilege(),
    ),
    "without a table": (
        "ALTER TABLE transfers RENAME TO transfers_gone",
        "ALTER TABLE transfers_gone RENAME TO transfers",
        Code.NO_WRITES,
        E.UndefinedTable(),
    ),
    "without connections": (
        "ALTER DATABASE {0} CONNECTION LIMIT 0",
        "ALTER DATABASE {0} CONNECTION LIMIT -1",
        Code.AWAY,
        E.TooManyConnections(),
    ),
}


def wrong(app: Flask) -> set[str]:
    """The codes of what doctor finds broken."""
    with app.app_context():
        return {found.code for found in examine() if found.verdict is Verdict.BROKEN}


@contextmanager
def broken(database_url: str, state: str) -> Iterator[None]:
    """The database in one of these states for as long as the block lasts."""
    breaks, mends, *_ = STATES[state]
    name = sa.make_url(database_url).database
    able = "-c default_transaction_read_only=off"
    with psycopg.connect(as_postgresql(database_url), autocommit=True, options=able) as owner:
        owner.execute(breaks.format(name))
        try:
            yield
        finally:
            owner.execute(mends.format(name))


@pytest.mark.parametrize("state", STATES)
def test_a_database_of_no_use_is_503_everywhere_and_named(
    app: Flask, another_app: MakeApp, merchant: Merchant, settings: config.Config, state: str
) -> None:
    app_of_the_time = another_app()
    one = Merchant(
        app_of_the_time.test_client(), merchant.tenant_id, merchant.test_key, merchant.live_key
    )
    *_, code, cause = STATES[state]
    words = error_text.of_database(sa.exc.DBAPIError(None, None, cause))
    with broken(settings.database_url, state):
        answer = one.pay(live=False)
        refusal(answer, 503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        ready = answered(one.client.get("/health/ready"))
        assert (ready.status_code, ready.json["checks"]["database"]["code"]) == (503, code)
        assert words in ready.json["checks"]["database"]["says"]
        told = run(app_of_the_time, "doctor")
        assert words in told.output
        assert wrong(app_of_the_time) >= {f"database_{code}"}
        assert "Traceback" not in told.output
    assert 202 in {one.pay(live=False).status_code for _ in range(2)}, "read-only sessions go"
    assert one.pay(live=False).status_code == 202
    assert answered(one.client.get("/health/ready")).status_code == 200


def test_trying_to_write_leaves_nothing(app: Flask, client: Any) -> None:
    before = row_counts(app)
    assert client.get("/health/ready").status_code == 200
    assert row_counts(app) == before


@pytest.mark.parametrize(
    "cause",
    [
        *(E.ReadOnlySqlTransaction, E.IdleInTransactionSessionTimeout, E.TransactionTimeout),
        *(E.DiskFull, E.OutOfMemory, E.TooManyConnections, E.ConfigurationLimitExceeded),
        *(E.AdminShutdown, E.CrashShutdown, E.CannotConnectNow, E.QueryCanceled),
        *(E.IdleSessionTimeout, E.DatabaseDropped, E.IoError, E.DataCorrupted),
        *(E.SerializationFailure, E.DeadlockDetected, E.LockNotAvailable),
        *(E.ObjectNotInPrerequisiteState, E.ConnectionFailure, E.InvalidPassword),
        *(E.InvalidCatalogName, E.InsufficientPrivilege, E.UndefinedTable, E.UndefinedColumn),
    ],
    ids=lambda cause: cause.__name__,
)
def test_each_state_of_the_server_is_503_and_has_words(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch, cause: type[psycopg.Error]
) -> None:
    assert _answer_to(cause, merchant, monkeypatch) == (503, "unavailable")
    error = sa.exc.DBAPIError.instance("", {}, cause("text"), psycopg.Error)
    assert isinstance(error, sa.exc.DBAPIError)
    assert error_text.of_database(error) != "statement failed"


@pytest.mark.parametrize(
    "cause", [E.UniqueViolation, E.NotNullViolation, E.NumericValueOutOfRange, E.SyntaxError]
)
def test_an_error_of_ours_stays_one(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch, cause: type[psycopg.Error]
) -> None:
    assert _answer_to(cause, merchant, monkeypatch) == (500, "internal_error")


def _answer_to(
    cause: type[psycopg.Error], merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, str]:
    def fails(*_: object, **__: object) -> None:
        raise sa.exc.DBAPIError.instance("", {}, cause("text"), psycopg.Error)

    monkeypatch.setattr("zampay.transfers.queries.page", fails)
    answer = merchant.get("/payments")
    assert (answer.status_code == 503) == ("Retry-After" in answer.headers)
    return answer.status_code, answer.json["code"]


REDIS_STATES: dict[str, tuple[tuple[str, ...], tuple[str, ...], Exception]] = {
    "full": (
        ("CONFIG", "SET", "maxmemory", "1"),
        ("CONFIG", "SET", "maxmemory", "0"),
        redis.exceptions.OutOfMemoryError("OOM"),
    ),
    "a replica": (
        ("REPLICAOF", "127.0.0.1", "1"),
        ("REPLICAOF", "NO", "ONE"),
        redis.exceptions.ReadOnlyError("READONLY"),
    ),
}


@pytest.mark.parametrize("state", REDIS_STATES)
def test_a_redis_of_no_use_degrades_and_payments_are_kept(
    another_app: MakeApp, merchant: Merchant, settings: config.Config, state: str
) -> None:
    breaks, mends, cause = REDIS_STATES[state]
    app = another_app(limit_per_key="3/minute")
    one = Merchant(app.test_client(), merchant.tenant_id, merchant.test_key, merchant.live_key)
    with redis.Redis.from_url(settings.redis_url) as server:
        server.execute_command(*breaks)
        try:
            assert [one.pay(live=False).status_code for _ in range(4)] == [202, 202, 202, 429]
            ready = answered(app.test_client().get("/health/ready"))
            assert (ready.status_code, ready.json["status"]) == (200, "degraded")
            assert ready.json["checks"]["redis"]["code"] == Code.NO_WRITES
            assert error_text.of_redis(cause) in ready.json["checks"]["redis"]["says"]
            assert error_text.of_redis(cause) in run(app, "doctor").output
            assert "redis_no_writes" in wrong(app)
        finally:
            server.execute_command(*mends)
    assert (
        answered(app.test_client().get("/health/ready")).json["checks"]["redis"]["status"] == "ok"
    )


@pytest.mark.parametrize("state", REDIS_STATES)
def test_a_broker_that_takes_no_write_counts_as_away(
    app: Flask, redis_server: "redis.Redis", state: str
) -> None:
    """So whoever needs it waits between two tries, and says what is wrong."""
    breaks, mends, _ = REDIS_STATES[state]
    with app.extensions["celery"].connection_for_read() as connection:
        redis_server.execute_command(*breaks)  # type: ignore[no-untyped-call]
        try:
            with pytest.raises(OperationalError, match="it does not take writes: "):
                connection.ensure_connection(max_retries=1, interval_start=0)
        finally:
            redis_server.execute_command(*mends)  # type: ignore[no-untyped-call]
        connection.ensure_connection(max_retries=1)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            redis.ResponseError("MISCONF Redis is configured to save RDB snapshots"),
            "cannot save to disk",
        ),
        (redis.ResponseError("NOREPLICAS Not enough good replicas to write."), "no writes now"),
        (redis.exceptions.NoPermissionError("this user has no permissions"), "NOPERM"),
        (redis.BusyLoadingError("Redis is loading the dataset in memory"), "LOADING"),
    ],
)
def test_other_states_of_redis_have_words(error: Exception, says: str) -> None:
    assert says in error_text.of_redis(error)


@pytest.fixture
def in_latin_1(servers: Servers, another_app: MakeApp) -> Iterator[Callable[[], Flask]]:
    """An application whose database keeps no UTF-8."""
    assert servers.admin_url is not None
    with psycopg.connect(servers.admin_url, autocommit=True) as admin:
        admin.execute(
            "CREATE DATABASE zampay_latin OWNER zampay TEMPLATE template0 ENCODING 'SQL_ASCII'"
            " LOCALE_PROVIDER libc LOCALE 'C'"
        )
        url = sa.make_url(servers.database_url).set(
            drivername="postgresql+psycopg", database="zampay_latin"
        )
        yield lambda: another_app(database_url=url.render_as_string(hide_password=False))
        admin.execute("DROP DATABASE zampay_latin WITH (FORCE)")


def test_a_database_that_is_not_utf_8_is_refused_in_one_sentence(
    in_latin_1: Callable[[], Flask],
) -> None:
    app = in_latin_1()
    with app.app_context(), pytest.raises(db.NotUsable) as refused:
        db.check_role()
    assert str(refused.value) == (
        "ZamPay does not start: the database's encoding is SQL_ASCII, not UTF8. "
        "Make one with `CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'`."
    )
    ready = answered(app.test_client().get("/health/ready"))
    assert (ready.status_code, ready.json["checks"]["database"]["code"]) == (503, Code.AWAY)
    told = run(app, "doctor")
    assert "not UTF8" in told.output
    assert told.exit_code == 1
    assert "Traceback" not in told.output


def test_nobody_elses_setting_changes_the_encoding_of_a_connection(
    another_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    app = another_app()
    with app.app_context(), db.transaction(db.EVERY_TENANT) as tx:
        assert tx.session.scalar(sa.text("SELECT CAST(:a AS text)"), {"a": "\u2603"}) == "\u2603"


def test_only_errors_of_the_database_are_judged() -> None:
    assert not database_errors.is_unavailable(RuntimeError())
    assert database_errors.is_unavailable(sa.exc.TimeoutError())
