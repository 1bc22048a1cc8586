"""Statements past SQLAlchemy's results keep SQLAlchemy's errors, and what follows from these."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from zampay.infra.database.db import NO_TENANT, transaction

_PULSE = "INSERT INTO heartbeats (role, at) VALUES (%(role)s, now())"


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def test_a_row_that_is_refused_is_told_without_its_values() -> None:
    with pytest.raises(sa.exc.IntegrityError) as caught, transaction(NO_TENANT) as tx:
        tx.execute(_PULSE, role="secret-role")
        tx.execute(_PULSE, role="secret-role")
    assert "pk_heartbeats" in str(caught.value)
    assert "secret-role" not in str(caught.value)


def test_after_an_error_nothing_of_the_transaction_is_kept_and_nothing_more_is_done() -> None:
    with pytest.raises(sa.exc.InternalError), transaction(NO_TENANT) as tx:
        tx.execute(_PULSE, role="first")
        with pytest.raises(sa.exc.ProgrammingError):
            tx.execute("SELECT no_such_column")
        tx.execute(_PULSE, role="second")
    with transaction(NO_TENANT) as tx:
        kept = tx.execute("SELECT role FROM heartbeats WHERE role IN ('first', 'second')")
        assert kept.fetchall() == []


def test_a_connection_that_ends_in_a_transaction_is_given_up() -> None:
    with pytest.raises(sa.exc.OperationalError) as caught, transaction(NO_TENANT) as tx:
        tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert caught.value.connection_invalidated
    with transaction(NO_TENANT) as tx:
        assert tx.execute("SELECT 1 AS one").fetchone().one == 1


def test_the_unit_of_work_sees_what_a_statement_wrote_in_the_same_transaction() -> None:
    with pytest.raises(ZeroDivisionError), transaction(NO_TENANT) as tx:
        tx.execute(_PULSE, role="mine")
        query = sa.text("SELECT count(*) FROM heartbeats WHERE role = 'mine'")
        assert tx.session.scalar(query) == 1
        raise ZeroDivisionError
