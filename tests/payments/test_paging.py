"""Pages of payments: none skipped, none repeated, and the last costs what the first costs."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.infra.rows import written
from tests.support.fakes import HeldQueue
from tests.support.merchants import Merchant
from zampay.infra.database.db import EVERY_TENANT, db, transaction
from zampay.providers.profile import Kind
from zampay.transfers import queries
from zampay.transfers.models import Transfer

pytestmark = pytest.mark.usefixtures("network")


def listed(merchant: Merchant, **query: Any) -> list[str]:
    """The external ids of a list, in its order."""
    answer = merchant.get("/payments", **query)
    assert answer.status_code == 200, answer.json
    return [one["externalId"] for one in answer.json["data"]]


def walked(merchant: Merchant, **query: Any) -> list[str]:
    """The external ids of all pages of a list, and what each page promised about the next."""
    found: list[str] = []
    while True:
        page = merchant.get("/payments", **query).json
        assert page["hasMore"] is (page["nextCursor"] is not None)
        found += [one["externalId"] for one in page["data"]]
        if not page["hasMore"]:
            return found
        assert len(page["data"]) == query["limit"]
        query["after"] = page["nextCursor"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_of_any_size_make_up_the_whole_list(
    app: Flask, merchant: Merchant, limit: int
) -> None:
    names = [f"order-{number}" for number in range(7)]
    for name in names:
        merchant.pay(externalId=name)
    assert walked(merchant, limit=limit) == names[::-1]


def same_moment(app: Flask) -> None:
    """Copy the only payment eleven times, in the very same microsecond."""
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        columns = [Transfer.__table__.c[name] for name in written("transfers")]
        row = dict(tx.session.execute(sa.select(*columns)).mappings().one())
        for number in range(11):
            fresh = {"id": f"pay_{number:026d}", "external_id": f"copy-{number:02d}"}
            unique = {"provider_reference": f"copy-{number}", "callback_token": f"copy-{number}"}
            tx.session.execute(sa.insert(Transfer).values({**row, **fresh, **unique}))


def test_payments_of_one_microsecond_are_neither_skipped_nor_repeated(
    app: Flask, merchant: Merchant
) -> None:
    merchant.pay(externalId="first")
    same_moment(app)
    found = walked(merchant, limit=3)
    assert found == ["first", *[f"copy-{number:02d}" for number in reversed(range(11))]]


def test_what_comes_while_pages_are_read_disturbs_none(merchant: Merchant) -> None:
    for name in ("a", "b", "c", "d"):
        merchant.pay(externalId=name)
    first = merchant.get("/payments", limit=2).json
    merchant.pay(externalId="late")
    assert listed(merchant, limit=2, after=first["nextCursor"]) == ["b", "a"]


def test_filters_hold_on_every_page(merchant: Merchant, task_queue: HeldQueue) -> None:
    for name in ("a", "b", "c"):
        merchant.pay(externalId=name)
    task_queue.run_all()
    merchant.pay(externalId="d")
    assert walked(merchant, status="PROCESSING", limit=1) == ["c", "b", "a"]


def plan_of_a_late_page(app: Flask, merchant: Merchant, wanted: queries.Filter) -> tuple[str, str]:
    """The statement that a page is read by, and how PostgreSQL would run it on a big table."""
    said: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append((statement, parameters))

    with app.app_context(), transaction(merchant.tenant_id) as tx:
        sa.event.listen(db.engine, "before_cursor_execute", note)
        before = (tx.now, "pay_" + "0" * 26)
        queries.page(tx, Kind.PAYMENT, livemode=True, wanted=wanted, before=before, limit=21)
        sa.event.remove(db.engine, "before_cursor_execute", note)
        connection = tx.session.connection()
        for cheap_for_few_rows in ("enable_seqscan", "enable_bitmapscan"):
            connection.exec_driver_sql(f"SET LOCAL {cheap_for_few_rows} = off")
        statement, parameters = said[-1]
        rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()
        return statement, "\n".join(rows)


@pytest.mark.usefixtures("fresh_payments")
def test_a_page_is_found_by_its_key_and_not_by_counting(app: Flask, merchant: Merchant) -> None:
    statement, plan = plan_of_a_late_page(app, merchant, queries.Filter())
    assert "OFFSET" not in statement.upper()
    assert "Index Scan Backward using ix_transfers_page" in plan
    assert "created_at, id) <" in plan.split("Index Cond:")[1].splitlines()[0].replace("ROW(", "")
    assert "Sort" not in plan


def test_a_cursor_of_another_tenant_shows_nothing_of_his(
    merchant: Merchant, rival: Merchant
) -> None:
    for name in ("a", "b"):
        merchant.pay(externalId=name)
        rival.pay(externalId=f"rival-{name}")
    cursor = rival.get("/payments", limit=1).json["nextCursor"]
    assert set(listed(merchant, after=cursor)) <= {"a", "b"}
