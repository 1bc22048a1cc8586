"""The fixtures that every test may use: real servers, the application, a held queue, merchants.

Fakes stand only at the edges: a queue that keeps its messages until the test runs them, and a
network that answers what the test scripted. Everything between is the real thing.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from psycopg.sql import SQL, Identifier

import config
from dev.servers import Servers, as_postgresql, temporary_servers
from tests.support.fakes import HeldQueue, Inline, ScriptedNetwork
from tests.support.merchants import Merchant
from zampay.app import create_app
from zampay.infra.database.db import db
from zampay.transfers.dispatch import Dispatcher

TESTS = Path(__file__).parent
LARGE_BYTES = 1_000_000
LARGE = "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND pg_relation_size(oid) > %s"
SLOWEST_FIRST = ("journeys", "deploying", "operating", "dev")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest starts first: tests run side by side, file by file."""

    def folder(item: pytest.Item) -> str:
        return item.path.relative_to(TESTS).parts[0]

    order = {name: place for place, name in enumerate(SLOWEST_FIRST)}
    items.sort(key=lambda item: order.get(folder(item), len(order)))


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """One PostgreSQL and one Valkey for the whole run (or those of the environment)."""
    with temporary_servers() as started:
        yield started


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> Iterator[str]:
    """An empty database of this run's own, owned by a plain role."""
    name = f"zampay_test_{os.getpid()}"
    yield servers.create_database(name)
    servers.drop_database(name)


@pytest.fixture(scope="session")
def settings(servers: Servers, database_url: str) -> config.Config:
    """The configuration of a test process: no network is configured for live payments."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MTN_")]:
            patch.delenv(name)
        patch.setenv("APP_ENV", "test")
        patch.setenv("DATABASE_URL", database_url)
        patch.setenv("REDIS_URL", servers.redis_url)
        patch.setenv("SECRET_KEY", "a-test-secret-key-of-enough-length")
        patch.setenv("LOG_LEVEL", "WARNING")
        patch.setenv("REGISTRATION_ACTIVATES", "true")
        patch.setenv("RATE_LIMIT_PER_ADDRESS", "100000/minute")
        for limit in ("OPEN", "PER_MINUTE", "PER_HOUR"):
            patch.setenv(f"NUMBER_MAX_{limit}", "1000000")
        return config.load()


@pytest.fixture(scope="session")
def migrated_app(settings: config.Config) -> Iterator[Flask]:
    """The application on a migrated database."""
    app = create_app(settings, as_owner=True)
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(
    migrated_app: Flask,
    settings: config.Config,
    servers: Servers,
    guards_off: psycopg.Connection,
) -> Iterator[Flask]:
    """The application with empty tables, an empty Redis and its own replaced."""
    emptied(guards_off, has_triggers=servers.admin_url is None)
    with redis.Redis.from_url(settings.redis_url) as server:
        server.flushall()
    migrated_app.extensions["redis_pause"].until_s = 0.0
    kept = dict(migrated_app.config)
    replaced = {
        name: migrated_app.extensions[name] for name in ("task_queue", "providers", "dispatcher")
    }
    migrated_app.extensions["dispatcher"] = Dispatcher(
        migrated_app, per_tenant=settings.worker_concurrency, executor=Inline()
    )
    yield migrated_app
    migrated_app.extensions.update(replaced)
    migrated_app.config.clear()
    migrated_app.config.update(kept)


@pytest.fixture(scope="session")
def guards_off(servers: Servers, settings: config.Config) -> Iterator[psycopg.Connection]:
    """A connection that may delete what is append-only: the superuser's, or the owner's where
    there is no superuser.
    """
    database = settings.database_url.rpartition("/")[2]
    owner = as_postgresql(settings.database_url)
    url = f"{servers.admin_url.rpartition('/')[0]}/{database}" if servers.admin_url else owner
    with psycopg.connect(url, autocommit=True) as link:
        if servers.admin_url:
            link.execute("SET session_replication_role = replica")
        yield link


def emptied(link: psycopg.Connection, *, has_triggers: bool) -> None:
    """Delete every row. A TRUNCATE makes new files for each table and index, which takes a
    hundred times as long; only tables that a test has filled are worth it.
    """
    tables = [table.name for table in reversed(db.metadata.sorted_tables)]
    large = [name for (name,) in link.execute(LARGE, (tables, LARGE_BYTES))]
    with link.transaction():
        for name in tables if has_triggers else ():
            link.execute(SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(Identifier(name)))
        for name in large:
            link.execute(SQL("TRUNCATE {} CASCADE").format(Identifier(name)))
        link.execute(SQL("; ").join(SQL("DELETE FROM {}").format(Identifier(n)) for n in tables))
        for name in tables if has_triggers else ():
            link.execute(SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(Identifier(name)))


@pytest.fixture
def fresh_payments(app: Flask, guards_off: psycopg.Connection) -> None:
    """Payments in new files, of which the planner of queries knows nothing yet."""
    guards_off.execute("TRUNCATE transfers CASCADE")


@pytest.fixture
def task_queue(app: Flask) -> HeldQueue:
    """Every message is held until the test runs it."""
    held = HeldQueue(app)
    app.extensions["task_queue"] = held
    return held


@pytest.fixture
def network(app: Flask) -> ScriptedNetwork:
    """The live network, answering what the test scripted."""
    scripted = ScriptedNetwork()
    app.extensions["providers"] = {
        True: {scripted.profile.code: scripted},
        False: app.extensions["providers"][False],
    }
    return scripted


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def merchant(client: FlaskClient, task_queue: HeldQueue) -> Merchant:
    """A registered merchant with a test key and a live key."""
    return Merchant.register(client)


@pytest.fixture
def rival(client: FlaskClient, task_queue: HeldQueue) -> Merchant:
    """Another merchant, who must never see anything of the first."""
    return Merchant.register(client, "Rival Stores")
