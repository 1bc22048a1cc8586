"""The database itself keeps tenants' webhooks apart, when a query forgets to."""

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import HeldQueue
from tests.support.merchants import Merchant
from tests.support.receiver import Receiver
from tests.webhooks.given import endpoint, publish
from zampay.infra.database.db import transaction
from zampay.webhooks.models import Delivery, Endpoint, Event, EventCounter

TABLES = [Endpoint, Event, EventCounter, Delivery]
REFUSED = "row-level security|append-only|never deleted or rewritten"


@pytest.fixture(autouse=True)
def rows(app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver) -> None:
    """One row in each table of webhooks."""
    endpoint(merchant, shop.url)
    publish(app, merchant)


def count(app: Flask, whose: Merchant, table: type) -> int:
    """What a query without any condition sees in a transaction of this tenant."""
    with app.app_context(), transaction(whose.tenant_id) as tx:
        return tx.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.mark.parametrize("table", TABLES)
def test_a_query_that_forgets_the_tenant_sees_nothing_foreign(
    app: Flask, merchant: Merchant, rival: Merchant, table: type
) -> None:
    assert (count(app, merchant, table), count(app, rival, table)) == (1, 0)


@pytest.mark.parametrize("table", TABLES)
def test_a_change_that_forgets_the_tenant_changes_nothing_foreign(
    app: Flask, merchant: Merchant, rival: Merchant, table: type
) -> None:
    with app.app_context(), transaction(rival.tenant_id) as tx:
        tx.session.execute(sa.delete(table))
    assert count(app, merchant, table) == 1


@pytest.mark.parametrize("table", TABLES)
def test_no_row_can_be_given_to_another_tenant(
    app: Flask, merchant: Merchant, rival: Merchant, table: type
) -> None:
    with app.app_context(), pytest.raises(sa.exc.DBAPIError, match=REFUSED):
        steal(merchant, rival, table)


def steal(merchant: Merchant, rival: Merchant, table: type) -> None:
    with transaction(merchant.tenant_id) as tx:
        tx.session.execute(sa.update(table).values(tenant_id=rival.tenant_id))
