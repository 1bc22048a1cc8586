"""The database keeps tenants apart by itself, in every table, when the code forgets."""

import json
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg.sql import SQL, Composed, Identifier

from tests.infra.rows import OF_NOBODY, TABLES, fill, owner_column, session, written
from tests.support.merchants import Merchant
from tests.support.objects import NOBODY_LISTENS
from tests.support.tables import contents
from zampay.infra.database.db import db, transaction

NOBODY = ["nobody", "empty", "another"]
REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.RestrictViolation)


@pytest.fixture
def lives(app: Flask, merchant: Merchant, rival: Merchant) -> tuple[str, str]:
    """Two tenants, each with a row in every table."""
    for one in (merchant, rival):
        one.post("/webhook-endpoints", {"url": NOBODY_LISTENS}, live=False)
        cancelled = one.pay(live=False).json["id"]
        one.post(f"/payments/{cancelled}/cancel", live=False)
        fill(app, one.tenant_id)
    return merchant.tenant_id, rival.tenant_id


def named(who: str, rival: str) -> str | None:
    """What a session says that must not see the first tenant's rows."""
    return {"nobody": None, "empty": "", "another": rival}[who]


def statement(text: str, table: str) -> Composed:
    return SQL(text).format(
        table=Identifier(table),
        owner=Identifier(owner_column(table)),
        columns=SQL(", ").join(map(Identifier, written(table))),
    )


def count(connection: "psycopg.Connection[Any]", table: str, tenant_id: str) -> int:
    query = statement("SELECT count(*) FROM {table} WHERE {owner} = %s", table)
    row = connection.execute(query, [tenant_id]).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_a_forced_policy_for_reads_and_writes(app: Flask, table: str) -> None:
    with session(app, None) as connection:
        row = connection.execute(
            "SELECT c.relrowsecurity, c.relforcerowsecurity, p.polcmd::text, p.polpermissive,"
            " p.polroles, p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL"
            " FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid WHERE c.relname = %s",
            [table],
        ).fetchall()
    assert row == [(True, True, "*", True, [0], True)]


def test_every_table_of_the_database_is_in_the_metadata(app: Flask) -> None:
    with session(app, None) as connection:
        found = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
    assert {name for (name,) in found} == {*TABLES, *OF_NOBODY, "alembic_version"}


def test_the_role_is_a_plain_one(app: Flask) -> None:
    with session(app, None) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row == (False, False)


def test_each_tenant_sees_its_own_rows(app: Flask, lives: tuple[str, str]) -> None:
    for tenant_id in lives:
        with session(app, tenant_id) as connection:
            assert all(count(connection, table, tenant_id) > 0 for table in TABLES)


@pytest.mark.parametrize("who", NOBODY)
def test_nothing_foreign_is_read(app: Flask, lives: tuple[str, str], who: str) -> None:
    own, rival = lives
    with session(app, named(who, rival)) as connection:
        assert {table: count(connection, table, own) for table in TABLES} == dict.fromkeys(
            TABLES, 0
        )


@pytest.mark.parametrize("who", NOBODY)
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {table} SET {owner} = {owner} WHERE {owner} = %s",
        "DELETE FROM {table} WHERE {owner} = %s",
    ],
)
def test_nothing_foreign_is_changed(
    app: Flask, lives: tuple[str, str], who: str, change: str
) -> None:
    own, rival = lives
    before = contents(app)
    with session(app, named(who, rival)) as connection:
        for table in TABLES:
            assert connection.execute(statement(change, table), [own]).rowcount == 0, table
        connection.commit()
    assert contents(app) == before


def refused(connection: "psycopg.Connection[Any]", query: Composed, *values: str) -> bool:
    """Whether the database refuses a statement; the transaction goes on."""
    try:
        with connection.transaction():
            connection.execute(query, values)
    except REFUSED:
        return True
    return False


@pytest.mark.parametrize("who", NOBODY)
def test_nothing_is_inserted_for_another(app: Flask, lives: tuple[str, str], who: str) -> None:
    own, rival = lives
    text = (
        "INSERT INTO {table} ({columns})"
        " SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %s)"
    )
    with session(app, named(who, rival)) as connection:
        for table in TABLES:
            row = json.dumps({owner_column(table): own})
            assert refused(connection, statement(text, table), row), table


def test_no_row_is_given_away(app: Flask, lives: tuple[str, str]) -> None:
    own, rival = lives
    text = "UPDATE {table} SET {owner} = %s WHERE {owner} = %s"
    with session(app, own) as connection:
        for table in TABLES:
            assert refused(connection, statement(text, table), rival, own), table


def test_a_connection_that_goes_back_to_the_pool_names_nobody(
    app: Flask, lives: tuple[str, str]
) -> None:
    def forgetful() -> int:
        with db.engine.connect() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM transfers").scalar_one())

    own, _ = lives
    with app.app_context():
        for _ in range(20):
            with transaction(own) as tx:
                assert (
                    tx.session.execute(
                        db.select(db.func.count()).select_from(db.metadata.tables["transfers"])
                    ).scalar_one()
                    > 0
                )
            assert forgetful() == 0


def test_code_that_forgets_the_tenant_finds_nothing(
    app: Flask, merchant: Merchant, rival: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query without its `WHERE tenant_id`: the row of the other tenant stays unseen."""
    from zampay.providers.profile import Kind
    from zampay.transfers import kinds, queries
    from zampay.transfers.models import Transfer

    foreign = rival.pay(live=False).json["id"]

    def careless(tx: Any, kind: Kind, transfer_id: str, *, livemode: bool) -> Transfer:
        found: Transfer | None = tx.session.get(Transfer, transfer_id)
        if found is None:
            raise kinds.RULES[kind].not_found
        return found

    monkeypatch.setattr(queries, "found", careless)
    assert merchant.get(f"/payments/{foreign}", live=False).status_code == 404
    assert rival.get(f"/payments/{foreign}", live=False).status_code == 200
