"""A statement without an answer: the client gives up by itself, and the pool goes on."""

import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from zampay.infra.database import timeouts
from zampay.infra.database.db import EVERY_TENANT, db, transaction
from zampay.infra.health import health_connection

SLOW = sa.text("SELECT pg_sleep(2)")


@pytest.fixture
def engine(app: Flask) -> Iterator[sa.Engine]:
    """Connections of one that waits for a third of a second."""
    made = sa.create_engine(app.config["SQLALCHEMY_DATABASE_URI"], pool_size=1, max_overflow=0)
    timeouts.bound(made, longest_wait_s=0.3)
    yield made
    made.dispose()


def test_no_answer_in_time_is_an_error_and_the_next_connection_a_new_one(engine: sa.Engine) -> None:
    with engine.connect() as link:
        first = link.connection.driver_connection
        began_s = time.monotonic()
        with pytest.raises(sa.exc.OperationalError):
            link.execute(SLOW)
        assert time.monotonic() - began_s < 1.5
    assert isinstance(first, timeouts.Connection)
    assert first.closed, "nobody may read the late answer as the answer to something else"
    with engine.connect() as link:
        assert link.connection.driver_connection is not first
        assert link.scalar(sa.text("SELECT 1")) == 1


def test_an_error_of_the_server_closes_nothing(engine: sa.Engine) -> None:
    with engine.connect() as link:
        first = link.connection.driver_connection
        link.execute(sa.text("SET LOCAL statement_timeout = '50ms'"))
        with pytest.raises(sa.exc.OperationalError, match="statement timeout"):
            link.execute(SLOW)
        link.rollback()
        assert link.connection.driver_connection is first
        assert link.scalar(sa.text("SELECT 1")) == 1


@pytest.mark.parametrize("longest_wait_s", [20, None])
def test_one_connection_may_wait_longer(engine: sa.Engine, longest_wait_s: float | None) -> None:
    with engine.connect() as link:
        timeouts.extend(link, longest_wait_s=longest_wait_s)
        assert link.scalar(sa.text("SELECT 1 FROM pg_sleep(0.6)")) == 1


def test_whoever_asks_the_database_is_bound_a_little_longer_than_the_server(app: Flask) -> None:
    def both(link: sa.Connection) -> tuple[float, float]:
        limit = "SELECT extract(epoch FROM current_setting('statement_timeout')::interval)"
        driver = link.connection.driver_connection
        assert isinstance(driver, timeouts.Connection)
        assert driver.longest_wait_s is not None
        return float(link.scalar(sa.text(limit)) or 0), driver.longest_wait_s

    with app.app_context():
        with transaction(EVERY_TENANT) as tx:
            found = [both(tx.session.connection())]
        for timeout_s in (health_connection.STATEMENT_TIMEOUT_S, 60):
            with health_connection.connection(statement_timeout_s=timeout_s) as link:
                found.append(both(link))
        assert isinstance(db.engine, sa.Engine)
    for of_the_server_s, ours_s in found:
        assert 0 < of_the_server_s < ours_s <= of_the_server_s + 5
