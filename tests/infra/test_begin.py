"""How a transaction begins: with its scope, in one round trip, on a connection that lives."""

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from dev.servers import as_postgresql
from tests.support.round_trips import round_trips
from zampay.infra.database.db import NO_TENANT, transaction


def test_an_empty_transaction_is_two_round_trips(app: Flask) -> None:
    with app.app_context():
        with transaction(NO_TENANT):
            pass  # a connection is made
        with round_trips() as made, transaction(NO_TENANT):
            pass
    assert made.count == 2, "BEGIN with the scope; COMMIT"


def test_what_is_done_is_committed_or_undone_as_a_whole(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(sa.exc.DataError), transaction(NO_TENANT) as tx:
            tx.session.execute(sa.text("CREATE TEMP TABLE half AS SELECT 1; SELECT 1 / 0"))
        with transaction(NO_TENANT) as tx:
            assert tx.session.scalar(sa.text("SELECT to_regclass('pg_temp.half')")) is None


def test_a_connection_that_was_lost_in_the_pool_is_replaced(app: Flask, database_url: str) -> None:
    with app.app_context():
        with transaction(NO_TENANT) as tx:
            process = tx.session.scalar(sa.text("SELECT pg_backend_pid()"))
        with psycopg.connect(as_postgresql(database_url), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
        with transaction(NO_TENANT) as tx:
            assert tx.session.scalar(sa.text("SELECT pg_backend_pid()")) != process
