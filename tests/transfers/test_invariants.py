"""What must hold of every payment: nothing legal breaks it, and each breach is counted."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import ScriptedNetwork
from tests.support.given import ended, processing, unconfirmed
from tests.support.in_review import in_review
from tests.support.merchants import Merchant
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.infra.health import health_connection
from zampay.kernel import clock, ids
from zampay.transfers import invariants

BREACHES = {
    "final_without_event": "DELETE FROM events WHERE type = 'payment.successful'",
    "history_disagrees": "UPDATE transitions SET target = 'FAILED' WHERE target = 'SUCCESSFUL'",
    "paid_without_being_sent": "UPDATE transfers SET submissions = 0 WHERE state = 'SUCCESSFUL'",
    "paid_without_evidence": "UPDATE transitions SET evidence = 'accepted'"
    " WHERE target = 'SUCCESSFUL'",
    "wallet_of_another": "UPDATE transfers SET wallet_id = 'wal_other' WHERE state = 'SUCCESSFUL'",
    "numbering_disagrees": "UPDATE event_counters SET last = last + 1",
}


TABLES = ("events", "transitions", "transfers")


def counted(app: Flask, *, of_the_last_hours: bool = True) -> dict[str, int]:
    with app.app_context(), health_connection.connection() as link:
        return invariants.count(link, of_the_last_hours=of_the_last_hours)


def breach(app: Flask, statement: str) -> None:
    """What no code of ours can do: the append-only triggers are off for a moment."""
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        for table in TABLES:
            tx.session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        tx.session.execute(sa.text(statement))
        for table in TABLES:
            tx.session.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def test_every_invariant_is_tried_here() -> None:
    assert set(BREACHES) == set(invariants.QUERIES)


def test_nothing_legal_breaks_one(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> None:
    ended(app, merchant, network, "SUCCESSFUL")
    ended(app, merchant, network, "FAILED")
    processing(app, merchant, network)
    unconfirmed(app, merchant, network)
    in_review(app, merchant, network)
    cancelled = merchant.pay().json["id"]
    merchant.post(f"/payments/{cancelled}/cancel")
    assert set(counted(app).values()) == {0}
    assert set(counted(app, of_the_last_hours=False).values()) == {0}


@pytest.mark.parametrize("name", BREACHES)
def test_each_breach_is_counted(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, name: str
) -> None:
    ended(app, merchant, network, "SUCCESSFUL")
    breach(app, BREACHES[name])
    assert counted(app)[name] == 1
    assert counted(app, of_the_last_hours=False)[name] == 1


@pytest.mark.parametrize("name", BREACHES)
def test_what_breaks_one_is_named_newest_first(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, name: str
) -> None:
    paid = [ended(app, merchant, network, "SUCCESSFUL").id for _ in range(3)]
    breach(app, BREACHES[name])
    with app.app_context(), health_connection.connection(every_tenant=True) as link:
        named = invariants.newest(link, name, limit=2)
    of_a_tenant = name == "numbering_disagrees"
    assert named == ([merchant.tenant_id] if of_a_tenant else [paid[2], paid[1]])


def test_at_a_scrape_only_the_last_hours_are_looked_at(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "utcnow", lambda: datetime(2026, 1, 31, 12, tzinfo=UTC))
    ended(app, merchant, network, "SUCCESSFUL")
    monkeypatch.undo()
    breach(app, BREACHES["paid_without_evidence"])
    assert counted(app)["paid_without_evidence"] == 0
    assert counted(app, of_the_last_hours=False)["paid_without_evidence"] == 1


def test_the_first_id_of_a_moment_is_not_above_those_made_then() -> None:
    made = ids.new("pay")
    now_s = clock.utcnow().timestamp()
    assert ids.first_of("pay", now_s - 5) < made < ids.first_of("pay", now_s + 5)
