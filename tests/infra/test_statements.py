"""Statements past SQLAlchemy's results keep SQLAlchemy's errors, and what follows from these."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from zampay.infra.database.db import NO_TENANT, Transaction, transaction


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def _pulse(tx: Transaction, role: str) -> None:
    tx.execute("INSERT INTO heartbeats (role, at) VALUES (%(role)s, now())", role=role)


def test_a_row_that_is_refused_is_told_without_its_values() -> None:
    with transaction(NO_TENANT) as tx:
        _pulse(tx, "secret-role")
        with pytest.raises(sa.exc.IntegrityError) as caught:
            _pulse(tx, "secret-role")
    assert "pk_heartbeats" in str(caught.value)
    assert "secret-role" not in str(caught.value)


def test_after_an_error_nothing_more_is_done_and_nothing_is_kept() -> None:
    with transaction(NO_TENANT) as tx:
        _pulse(tx, "first")
        with pytest.raises(sa.exc.ProgrammingError):
            tx.execute("SELECT no_such_column")
        with pytest.raises(sa.exc.InternalError):
            _pulse(tx, "second")
    assert _kept("first", "second") == 0


def test_a_connection_that_ends_in_a_transaction_is_given_up() -> None:
    with (
        pytest.raises(sa.exc.OperationalError) as caught,
        transaction(NO_TENANT) as tx,
    ):
        tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert caught.value.connection_invalidated
    assert _kept("worker") == 0


def test_the_unit_of_work_sees_what_a_statement_wrote_in_the_same_transaction() -> None:
    with transaction(NO_TENANT) as tx:
        _pulse(tx, "mine")
        query = sa.text("DELETE FROM heartbeats WHERE role = 'mine' RETURNING role")
        assert tx.session.scalar(query) == "mine"
    assert _kept("mine") == 0


def _kept(*roles: str) -> int:
    with transaction(NO_TENANT) as tx:
        query = "SELECT FROM heartbeats WHERE role = ANY(%(roles)s)"
        return tx.execute(query, roles=list(roles)).rowcount
