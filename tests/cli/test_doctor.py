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
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.infra.health import readiness
from zampay.infra.queue import heartbeat
from zampay.infra.queue.heartbeat import Pulse
from zampay.infra.telemetry import error_text
from zampay.kernel import clock
from zampay.kernel.findings import broken, fine

OF_PYTHON = re.compile(r"\w(Error|Exception)\b|psycopg|sqlalchemy", re.IGNORECASE)


@pytest.fixture
def well(app: Flask, network: ScriptedNetwork) -> Flask:
    """A gateway in good health, with one network whose findings a test may replace."""
    network.findings = [fine("NET credentials", "accepted.")]
    with app.app_context():
        for role in heartbeat.ROLES:
            Pulse(role).give()
    return app


def examined(app: Flask) -> Result:
    return run(app, "doctor")


def test_a_healthy_gateway_passes(well: Flask) -> None:
    result = examined(well)
    assert result.exit_code == 0, result.output
    assert result.output.endswith("Nothing is wrong.\n")
    for subject in ("configuration", "database", "migrations", "redis", "worker", "beat"):
        assert f"{subject}: " in result.output
    for subject in ("clock", "role", "books", "chains", "webhook secrets", "NET credentials"):
        assert f"ok      {subject}: " in result.output


def test_a_silent_worker_is_wrong_with_the_command_that_starts_one(well: Flask) -> None:
    with well.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.text("DELETE FROM heartbeats WHERE role = 'worker'"))
    result = examined(well)
    assert result.exit_code == 1
    assert "WRONG   worker: never seen." in result.output
    assert "`zampay worker`" in result.output
    assert result.output.endswith("1 wrong.\n")


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
    result = examined(well)
    log, history = f"audit log of {merchant.tenant_id}", f"history of {paid}"
    assert f"WRONG   chains: {log}: not as written from line 2 on." in result.output
    assert f"WRONG   chains: {history}: not as written from line 1 on." in result.output


def test_a_clock_that_is_far_from_the_databases_is_named(
    well: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = clock.utcnow
    monkeypatch.setattr(clock, "utcnow", lambda: real() + timedelta(minutes=10))
    result = examined(well)
    assert result.exit_code == 1
    assert re.search(
        r"WRONG   clock: the clock of this host is (599|600)\.\d s ahead", result.output
    )


def test_what_a_network_finds_is_told(well: Flask, network: ScriptedNetwork) -> None:
    network.findings = [broken("NET credentials", "they are refused.", "Compare them.")]
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
    named = f"paid_without_being_sent: 2; the newest: {second}, {first}."
    assert f"WRONG   books: {named}\n" in result.output
    assert "docs/runbooks/InvariantViolated.md" in result.output
    assert result.output.endswith("1 wrong.\n")


def test_nothing_at_all_is_there(another_app: Callable[..., Flask]) -> None:
    away = "postgresql+psycopg://zampay:opensesame@127.0.0.1:9/zampay"
    result = examined(another_app(database_url=away, redis_url="redis://:opensesame@127.0.0.1:9"))
    assert result.exit_code == 1
    for subject, found in (
        ("database", "away: connection refused"),
        ("redis", "away: connection refused"),
        ("books", "they could not be looked at: connection refused"),
        ("webhook secrets", "they could not be looked at: connection refused"),
    ):
        assert f"WRONG   {subject}: {found}.\n" in result.output
    assert "DATABASE_URL names the role zampay, 127.0.0.1:9 and zampay." in result.output
    assert "opensesame" not in result.output
    assert "Traceback" not in result.output
    assert not OF_PYTHON.search(result.output)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"port": 9}, "connection refused"),
        ({"host": "nowhere.invalid"}, "DNS lookup failed"),
        ({"password": "opensesame"}, "password authentication failed"),
        ({"username": "nobody"}, "password authentication failed"),
        ({"database": "nothing"}, "database does not exist"),
    ],
)
def test_the_faults_of_a_database_are_told_apart(
    another_app: Callable[..., Flask], settings: config.Config, wrong: dict[str, Any], says: str
) -> None:
    url = sa.make_url(settings.database_url).set(**wrong)
    result = examined(another_app(database_url=url.render_as_string(hide_password=False)))
    assert result.exit_code == 1
    assert f"WRONG   database: away: {says}.\n" in result.output
    assert f"{url.username}, {url.host}:{url.port} and {url.database}." in result.output
    assert not OF_PYTHON.search(result.output)


def test_migrations_that_are_behind_are_told_with_the_command(bare: Flask) -> None:
    result = examined(bare)
    assert "WRONG   migrations: behind: the database is at nothing, " in result.output
    assert "`zampay db upgrade`" in result.output
    assert (
        "books: they could not be looked at: tables or columns of this version do not exist"
        in result.output
    )
    assert not OF_PYTHON.search(result.output)


def test_a_role_that_bypasses_row_level_security_is_wrong(
    well: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zampay.infra.database.db.ROLE_QUERY", "SELECT true, 'postgres'")
    assert "WRONG   role: postgres bypasses row-level security" in examined(well).output


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
    check = readiness.Check(name, readiness.Verdict.FAILED, says, 1.0)
    monkeypatch.setattr("zampay.infra.health.readiness.examine", lambda: [check])
    output = examined(well).output
    assert cure in output
    assert "Is Redis up" not in output
    assert "Is PostgreSQL up" not in output
