"""The doctor says in plain words what is wrong and what to do, and exits 1 for it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import redis
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

import config
from tests.support.commands import run
from tests.support.fakes import ScriptedNetwork
from tests.support.given import ended
from tests.support.merchants import Merchant
from zampay.cli.doctor import Code, examine
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.infra.health import readiness
from zampay.infra.queue import heartbeat
from zampay.infra.queue.heartbeat import Pulse
from zampay.infra.telemetry import error_text
from zampay.kernel import clock
from zampay.kernel.findings import Finding, Verdict, broken, fine

OF_PYTHON = re.compile(r"\w(Error|Exception)\b|psycopg|sqlalchemy", re.IGNORECASE)

PAGE = """\
ok      configuration: complete: the program starts with it.
advice  configuration: APP_ENV is development or test: conveniences are on that production must not have.
        Set APP_ENV=production or staging.
ok      database: answers.
ok      migrations: at …
ok      worker: seen … s ago.
ok      beat: seen … s ago.
ok      redis: answers.
ok      clock: the clock of this host is … the database's.
ok      role: row-level security applies to …
ok      books: all … invariants hold.
ok      chains: audit logs and histories are as they were written.
ok      webhook secrets: SECRET_KEY decrypts all …
ok      wallet credentials: SECRET_KEY decrypts all …
ok      MTN: configured; asking it ...
ok      NET credentials: accepted.
Nothing is wrong.
"""  # noqa: E501 - as it is printed
"""What differs from run to run is left out."""


@pytest.fixture
def well(app: Flask, network: ScriptedNetwork) -> Flask:
    """A gateway in good health, with one network whose findings a test may replace."""
    network.findings = [fine("net_accepted", "NET credentials", "accepted.")]
    with app.app_context():
        for role in heartbeat.ROLES:
            Pulse(role).give()
    return app


def examined(app: Flask) -> Result:
    return run(app, "doctor")


def findings(app: Flask) -> list[Finding]:
    """The same, by codes."""
    with app.app_context():
        return list(examine())


def wrong(app: Flask) -> set[str]:
    return {finding.code for finding in findings(app) if finding.verdict is Verdict.BROKEN}


def test_a_healthy_gateway_passes(well: Flask) -> None:
    result = examined(well)
    assert result.exit_code == 0, result.output
    shown = re.sub(r"\S*\d\S*( s ahead of| s behind)?|(?<=applies to ).*", "…", result.output)
    assert shown == PAGE


def test_a_silent_worker_is_wrong_with_the_command_that_starts_one(well: Flask) -> None:
    with well.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.text("DELETE FROM heartbeats WHERE role = 'worker'"))
    result = examined(well)
    assert wrong(well) == {"worker_never_seen"}
    assert "`zampay worker`" in result.output
    assert (result.exit_code, result.output.endswith("1 wrong.\n")) == (1, True)


def test_a_chain_that_was_rewritten_is_named_with_its_line(well: Flask, merchant: Merchant) -> None:
    paid = merchant.pay().json["id"]
    with well.app_context(), transaction(EVERY_TENANT) as tx:
        for statement in (
            "ALTER TABLE audit_log DISABLE TRIGGER USER",
            "UPDATE audit_log SET actor = 'key_1' WHERE position = 2",
            "ALTER TABLE audit_log ENABLE TRIGGER USER",
            "ALTER TABLE transitions DISABLE TRIGGER USER",
            "UPDATE transitions SET detail = 'x'",
            "ALTER TABLE transitions ENABLE TRIGGER USER",
        ):
            tx.session.execute(sa.text(statement))
    says = {finding.code: finding.says for finding in findings(well)}
    assert f"{merchant.tenant_id}: not as written from line 2 on" in says[Code.LOG_REWRITTEN]
    assert f"{paid}: not as written from line 1 on" in says[Code.HISTORY_REWRITTEN]


def test_a_clock_that_is_far_from_the_databases_is_named(
    well: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = clock.utcnow
    monkeypatch.setattr(clock, "utcnow", lambda: real() + timedelta(minutes=10))
    (clocks,) = [one for one in findings(well) if one.subject == "clock"]
    assert clocks.code == Code.CLOCKS_APART
    assert re.search(r"\b(599|600)\.\d s ahead", clocks.says)


def test_what_a_network_finds_is_told(well: Flask, network: ScriptedNetwork) -> None:
    network.findings = [
        broken("net_refused", "NET credentials", "they are refused.", "Compare them.")
    ]
    result = examined(well)
    assert result.exit_code == 1
    assert "WRONG   NET credentials: they are refused.\n        Compare them.\n" in result.output


def test_a_broken_invariant_names_its_payments_and_leads_to_its_runbook(
    well: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    first, second = (ended(well, merchant, network, "SUCCESSFUL").id for _ in range(2))
    with well.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.text("UPDATE transfers SET submissions = 0"))
    result = examined(well)
    assert result.exit_code == 1
    assert wrong(well) == {Code.INVARIANT_VIOLATED}
    assert f"paid_without_being_sent: 2; the newest: {second}, {first}." in result.output
    assert "docs/runbooks/InvariantViolated.md" in result.output
    assert result.output.endswith("1 wrong.\n")


def test_nothing_at_all_is_there(another_app: Callable[..., Flask]) -> None:
    away = "postgresql+psycopg://zampay:opensesame@127.0.0.1:9/zampay"
    app = another_app(database_url=away, redis_url="redis://:opensesame@127.0.0.1:9")
    result = examined(app)
    assert result.exit_code == 1
    assert wrong(app) >= {"database_away", "redis_away", Code.BOOKS_UNREAD, "secrets_unread"}
    assert "DATABASE_URL names the role zampay, 127.0.0.1:9 and zampay." in result.output
    assert "opensesame" not in result.output
    assert "Traceback" not in result.output
    assert not OF_PYTHON.search(result.output)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"port": 9}, "connection refused"),
        ({"host": "nowhere.invalid"}, "DNS lookup failed"),
        ({"password": "opensesame"}, "password authentication failed"),
        ({"username": "nobody"}, "password authentication failed"),
        ({"database": "nothing"}, "database does not exist"),
    ],
)
def test_the_faults_of_a_database_are_told_apart(
    another_app: Callable[..., Flask], settings: config.Config, changes: dict[str, Any], cause: str
) -> None:
    url = sa.make_url(settings.database_url).set(**changes)
    app = another_app(database_url=url.render_as_string(hide_password=False))
    result = examined(app)
    assert result.exit_code == 1
    assert "database_away" in wrong(app)
    assert cause in result.output
    assert f"{url.username}, {url.host}:{url.port} and {url.database}." in result.output
    assert not OF_PYTHON.search(result.output)


def test_migrations_that_are_behind_are_told_with_the_command(bare: Flask) -> None:
    result = examined(bare)
    assert wrong(bare) >= {"migrations_behind", Code.BOOKS_UNREAD}
    assert "`zampay db upgrade`" in result.output
    assert not OF_PYTHON.search(result.output)


def test_a_role_that_bypasses_row_level_security_is_wrong(
    well: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zampay.infra.database.db.ROLE_QUERY", "SELECT true, 'postgres'")
    assert wrong(well) == {Code.ROLE_BYPASSES}


NO_WRITES = psycopg.errors.ReadOnlySqlTransaction()


@pytest.mark.parametrize(
    ("name", "says", "cure"),
    [
        (
            "database",
            error_text.of_database(sa.exc.DBAPIError("", {}, NO_WRITES)),
            "name the primary in DATABASE_URL",
        ),
        (
            "redis",
            error_text.of_redis(redis.exceptions.ReadOnlyError("READONLY")),
            "Name the primary in REDIS_URL",
        ),
        (
            "redis",
            error_text.of_redis(redis.exceptions.OutOfMemoryError("OOM")),
            "Give Redis more memory",
        ),
    ],
    ids=["read-only database", "replica", "full Redis"],
)
def test_what_answers_and_takes_no_writes_is_not_asked_whether_it_is_up(
    well: Flask, monkeypatch: pytest.MonkeyPatch, name: str, says: str, cure: str
) -> None:
    check = readiness.Check(name, readiness.Verdict.FAILED, readiness.Code.NO_WRITES, says, 1.0)
    monkeypatch.setattr("zampay.infra.health.readiness.examine", lambda: [check])
    output = examined(well).output
    assert cure in output
    assert "Is Redis up" not in output
    assert "Is PostgreSQL up" not in output
