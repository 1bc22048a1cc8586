"""The fixtures that every test may use: real servers, the application, a held queue, merchants.

Fakes stand only at the edges: a queue that keeps its messages until the test runs them, and a
network that answers what the test scripted. Everything between is the real thing.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

import config
from dev.servers import Servers, as_postgresql, temporary_servers
from tests.support.fakes import HeldQueue, Inline, ScriptedNetwork
from tests.support.kept import Kept, Once
from tests.support.merchants import Merchant
from tests.support.tables import emptied
from tests.support.wallets import scripted_wallets
from zampay.app import create_app
from zampay.infra.database.db import db
from zampay.infra.database.definer import EVERY_TENANT_SETTING
from zampay.tenants import known_keys
from zampay.transfers.dispatch import Dispatcher
from zampay.wallets import adapters

TESTS = Path(__file__).parent
MERCHANT, RIVAL = "Kalulu Books", "Rival Stores"
Register = Callable[[FlaskClient, str], Merchant]
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
    redis_server: redis.Redis,
) -> Iterator[Flask]:
    """The application with empty tables, an empty Redis and its own replaced."""
    emptied(guards_off, has_triggers=servers.admin_url is None)
    redis_server.flushall()
    migrated_app.extensions["redis_pause"].until_s = 0.0
    known_keys.init(migrated_app)
    adapters.init(migrated_app)
    kept = dict(migrated_app.config)
    replaced = {
        name: migrated_app.extensions[name]
        for name in ("task_queue", "providers", "networks", "dispatcher")
    }
    migrated_app.extensions["dispatcher"] = Dispatcher(
        migrated_app, per_tenant=settings.worker_concurrency, executor=Inline()
    )
    yield migrated_app
    migrated_app.extensions.update(replaced)
    migrated_app.config.clear()
    migrated_app.config.update(kept)


@pytest.fixture(scope="session")
def redis_server(settings: config.Config) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.redis_url) as server:
        yield server


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
        else:
            link.execute("SELECT set_config(%s, 'on', false)", [EVERY_TENANT_SETTING])
        yield link


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
    app.extensions["networks"] = {scripted.profile.code: scripted_wallets(scripted)}
    return scripted


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def registered(migrated_app: Flask, guards_off: psycopg.Connection, servers: Servers) -> Register:
    """`registered(client, "Kalulu Books")`: a merchant with a test key and a live key. Each name
    registers once in a run: two requests for each of the tests cost more than many of these do.
    """
    has_triggers = servers.admin_url is None

    def known(name: str) -> tuple[Merchant, Kept]:
        emptied(guards_off, has_triggers=has_triggers)
        merchant = Merchant.register(migrated_app.test_client(), name)
        kept = Kept(guards_off, db.metadata.sorted_tables)
        emptied(guards_off, has_triggers=has_triggers)
        return merchant, kept

    def put_back(client: FlaskClient, name: str) -> Merchant:
        merchant, kept = made[name]
        kept.put_back()
        return replace(merchant, client=client)

    if has_triggers:
        return Merchant.register
    made = {name: known(name) for name in (MERCHANT, RIVAL)}
    return put_back


@pytest.fixture(scope="module")
def once(guards_off: psycopg.Connection, servers: Servers) -> Once:
    """What the tests of a file make alike, made once."""
    return Once(guards_off, has_triggers=servers.admin_url is None)


@pytest.fixture
def merchant(registered: Register, client: FlaskClient, task_queue: HeldQueue) -> Merchant:
    """A registered merchant with a test key and a live key."""
    return registered(client, MERCHANT)


@pytest.fixture
def rival(registered: Register, client: FlaskClient, task_queue: HeldQueue) -> Merchant:
    """Another merchant, who must never see anything of the first."""
    return registered(client, RIVAL)
