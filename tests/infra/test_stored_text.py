"""Whatever text comes from outside, PostgreSQL keeps it, and no lookup by it fails."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from tests.support.merchants import BASE, Merchant
from zampay.infra.database import stored_text
from zampay.infra.database.db import EVERY_TENANT, db, transaction
from zampay.infra.health import health_connection
from zampay.infra.http import pacing
from zampay.infra.redis import redis_client

GIVEN = "a\x00b\ud800c\udcffd\U0001f600e"
KEPT = "a\ufffdb\ufffdc\ufffdd\U0001f600e"
TEXTS = [
    (table.name, column.name)
    for table in db.metadata.sorted_tables
    for column in table.columns
    if column.type.python_type in {str, list, object, dict}
]


def _as_type(column: "sa.Column[object]", text: str) -> object:
    """The text where such a column has room for it: names of members count as well."""
    if isinstance(column.type, JSONB):
        return {text: [text, {"inner": text}]}
    return [text] if isinstance(column.type, ARRAY) else text


def test_every_kind_of_text_column_is_tried() -> None:
    kinds = {type(db.metadata.tables[table].c[column].type) for table, column in TEXTS}
    assert kinds in ({sa.Text, JSONB, ARRAY}, {sa.Text, sa.String, JSONB, ARRAY})
    assert len(TEXTS) > 60


def test_each_column_keeps_it(app: Flask) -> None:
    metadata = sa.MetaData()
    with app.app_context(), db.engine.connect() as link:
        for table in db.metadata.sorted_tables:
            columns = [table.c[column] for named, column in TEXTS if named == table.name]
            bare = sa.Table(
                f"bare_{table.name}",
                metadata,
                *(sa.Column(column.name, column.type) for column in columns),
                prefixes=["TEMPORARY"],
            )
            bare.create(link)
            link.execute(
                bare.insert().values({column.name: _as_type(column, GIVEN) for column in columns})
            )
            found = link.execute(sa.select(bare)).one()._mapping
            for column in columns:
                assert found[column.name] == _as_type(column, KEPT), f"{table.name}.{column.name}"


@pytest.mark.parametrize(("table", "column"), TEXTS)
def test_no_lookup_by_it_fails(app: Flask, table: str, column: str) -> None:
    wanted = db.metadata.tables[table].c[column]
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        assert (
            tx.session.execute(sa.select(wanted).where(wanted == _as_type(wanted, GIVEN))).all()
            == []
        )


def test_plain_sql_and_the_probe_pass_the_same_gate(app: Flask) -> None:
    asked = sa.text("SELECT CAST(:given AS text), CAST(:several AS text[])")
    values = {"given": GIVEN, "several": [GIVEN]}
    with app.app_context():
        with transaction(EVERY_TENANT) as tx:
            assert tuple(tx.session.execute(asked, values).one()) == (KEPT, [KEPT])
        with health_connection.connection() as link:
            assert tuple(link.execute(asked, values).one()) == (KEPT, [KEPT])
        with transaction(GIVEN) as tx:
            own = sa.text("SELECT current_setting('zampay.tenant_id')")
            assert tx.session.scalar(own) == KEPT


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (float("nan"), '"nan"'),
        ([float("inf")], '["inf"]'),
        ({"\x00": GIVEN}, '{"\\ufffd": "a\\ufffdb\\ufffdc\\ufffdd\\ud83d\\ude00e"}'),
        ({"plain": "\U0001f600"}, '{"plain": "\\ud83d\\ude00"}'),
        ("\\u0000", '"\\\\u0000"'),
    ],
)
def test_json_is_what_jsonb_takes(given: object, kept: str) -> None:
    assert stored_text.dumps(given) == kept


NASTY = "%00%ff%ed%a0%80"


@pytest.mark.parametrize(
    "path",
    [
        f"/payments/{NASTY}",
        f"/payments/{NASTY}/explain",
        f"/payments?externalId={NASTY}",
        f"/payments?provider={NASTY}",
        f"/payments?after={NASTY}",
        f"/payments?{NASTY}=1",
        f"/events/{NASTY}",
        f"/events?after={NASTY}",
        f"/webhook-endpoints/{NASTY}",
        f"/webhook-endpoints/{NASTY}/deliveries",
        f"/audit-log?after={NASTY}",
        f"/{NASTY}",
    ],
)
def test_no_address_ends_in_500(client: FlaskClient, merchant: Merchant, path: str) -> None:
    assert client.get(f"{BASE}{path}", headers=merchant.headers()).status_code in {404, 405, 422}


@pytest.mark.parametrize(
    "header",
    ["User-Agent", "X-Request-Id", "Idempotency-Key", "x-tenant-id", "X-Forwarded-For", "Origin"],
)
def test_no_header_ends_in_500(client: FlaskClient, merchant: Merchant, header: str) -> None:
    headers = {**merchant.headers(), header: "a\x00b\x9b\xff"}
    given: dict[str, Any] = {
        "json": {},
        "headers": headers,
        "environ_overrides": {"REMOTE_ADDR": GIVEN},
    }
    assert client.post(f"{BASE}/payments", **given).status_code in {400, 422}


def test_no_address_of_a_client_ends_in_500(client: FlaskClient, app: Flask) -> None:
    answer = client.get(f"{BASE}/payments", environ_overrides={"REMOTE_ADDR": GIVEN})
    assert answer.status_code == 401


def test_what_others_wrote_into_redis_raises_nothing(app: Flask) -> None:
    with app.app_context():
        server = redis_client.client()
        server.set("pace:x", b"\xff\x00")
        assert server.get("pace:x") == "\ufffd\x00"
        assert pacing.wait_for_turn("x", per_second=1000) is None
        assert redis_client.lock(GIVEN, ttl_s=5)
        assert not redis_client.lock(GIVEN, ttl_s=5)
