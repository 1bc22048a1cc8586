"""A role that passes every policy stops the start outside development, of web and worker alike."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Self

import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Literal

import config
from dev.environment import ROOT
from dev.servers import Servers, as_postgresql
from zampay.infra.database.db import RoleBypassesRowSecurity, prepare

MTN = {
    "SHARED_WALLETS": "false",
    "MTN_BASE_URL": "https://mtn.example",
    "MTN_TARGET_ENVIRONMENT": "mtnzambia",
    "MTN_COLLECTION_SUBSCRIPTION_KEY": "0" * 32,
    "MTN_COLLECTION_API_USER": "6d1c4b0f-3d5a-4c0e-9a43-2f7b8f1f1a01",
    "MTN_COLLECTION_API_KEY": "0" * 32,
}


class Asked:
    """A connection as `prepare` uses it, with a role that bypasses row security or does not."""

    def __init__(self, *, bypasses: bool) -> None:
        self.autocommit = False
        self.said: list[str] = []
        self._row = (bypasses, "somebody")

    def cursor(self) -> "Asked":
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: str) -> "Asked":
        self.said.append(statement)
        return self

    def fetchone(self) -> tuple[bool, str]:
        return self._row


@pytest.mark.parametrize("refuse_bypass", [True, False])
def test_a_plain_role_is_taken_and_given_timeouts(*, refuse_bypass: bool) -> None:
    connection = Asked(bypasses=False)
    prepare(connection, refuse_bypass=refuse_bypass)
    assert connection.autocommit
    for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        assert any(setting in said for said in connection.said)


def test_a_bypassing_role_is_accepted_in_development_only() -> None:
    prepare(Asked(bypasses=True), refuse_bypass=False)
    with pytest.raises(RoleBypassesRowSecurity, match=r"'somebody'.*BYPASSRLS"):
        prepare(Asked(bypasses=True), refuse_bypass=True)


def test_the_plain_role_of_this_run_is_recognised(settings: config.Config) -> None:
    with psycopg.connect(as_postgresql(settings.database_url)) as connection:
        prepare(connection, refuse_bypass=True)


def start(module: str, database_url: str, redis_url: str, **changes: str) -> Any:
    """Import a process's module as its server would, with a production environment."""
    environment = {
        "PATH": os.defpath,
        "APP_ENV": "production",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": secrets.token_hex(32),
        **MTN,
        **changes,
    }
    return subprocess.run(
        [sys.executable, "-c", f"import {module}; print('started')"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def bypassing(servers: Servers) -> Iterator[dict[str, str]]:
    """URLs of roles that row security cannot hold: the superuser, and one with BYPASSRLS."""
    if servers.admin_url is None:
        pytest.skip("the given servers let nobody make a role that bypasses row security")
    role, password = f"bypass_{os.getpid()}", secrets.token_hex(16)
    place = servers.admin_url.rpartition("@")[2]
    with psycopg.connect(servers.admin_url, autocommit=True) as link:
        made = SQL("CREATE ROLE {} LOGIN NOSUPERUSER BYPASSRLS PASSWORD {}")
        link.execute(made.format(Identifier(role), Literal(password)))
        yield {
            "superuser": servers.admin_url,
            "bypassrls": f"postgresql://{role}:{password}@{place}",
        }
        link.execute(SQL("DROP ROLE {}").format(Identifier(role)))


@pytest.mark.parametrize(
    ("module", "role"),
    [
        ("wsgi", "bypassrls"),
        pytest.param("wsgi", "superuser", marks=pytest.mark.long),
        pytest.param("celery_worker", "bypassrls", marks=pytest.mark.long),
        pytest.param("celery_worker", "superuser", marks=pytest.mark.long),
    ],
)
def test_production_does_not_start_as_a_bypassing_role(
    bypassing: dict[str, str], settings: config.Config, module: str, role: str
) -> None:
    done = start(module, bypassing[role], settings.redis_url)
    assert done.returncode == 1
    assert "started" not in done.stdout
    assert "does not start as the PostgreSQL role" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", [pytest.param("wsgi", marks=pytest.mark.long), "celery_worker"])
def test_production_starts_as_the_plain_role(settings: config.Config, module: str) -> None:
    done = start(module, settings.database_url, settings.redis_url)
    assert (done.returncode, done.stdout.strip()) == (0, "started"), done.stderr


def test_a_database_that_is_away_does_not_stop_the_start(settings: config.Config) -> None:
    nowhere = "postgresql://zampay@127.0.0.1:1/zampay"
    done = start("wsgi", nowhere, settings.redis_url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("started")
