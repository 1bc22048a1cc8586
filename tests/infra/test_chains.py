"""The chains of hashes: whoever changes history or audit log with the guards off is found out, by
the doctor and by a merchant who kept an export.
"""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.infra.rows import fill
from tests.support.fakes import ScriptedNetwork
from tests.support.given import ended
from tests.support.merchants import Merchant
from tests.support.objects import NOBODY_LISTENS
from zampay import verify_audit
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.infra.health import health_connection
from zampay.kernel import chain
from zampay.tenants import audit, audit_chain
from zampay.transfers import history, tasks

LINES = 5
TABLES = ("audit_log", "audit_heads", "transitions", "transfers", "events")
Forge = Callable[..., None]


@pytest.fixture
def forge(app: Flask) -> Forge:
    """Run statements as the owner, with every guard off for that long."""

    def run(*statements: str, **values: Any) -> None:
        with app.app_context(), transaction(EVERY_TENANT) as tx:
            for table in TABLES:
                tx.session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            for statement in statements:
                tx.session.execute(sa.text(statement), values)
            for table in TABLES:
                tx.session.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))

    return run


def broken(app: Flask) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    with app.app_context(), health_connection.connection(every_tenant=True) as link:
        return audit_chain.broken(link, most=10), history.broken(link, most=10)


def add_lines(app: Flask, merchant: Merchant) -> None:
    """Fill the merchant's audit log up to `LINES` lines, with every kind of detail."""
    with app.app_context():
        for number in range(LINES):
            with transaction(merchant.tenant_id) as tx:
                details = {"überall": f"ñ {number}", "b": [1, True, None, "x"], "hours": 1.0}
                audit.record(
                    tx, action="thing.done", actor="key_1", address=None, at=details, Z={"a": -7}
                )


def audit_export(merchant: Merchant) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = merchant.get("/audit-log", limit=100).json["data"]
    return lines


def history_export(merchant: Merchant, payment_id: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = merchant.get(f"/payments/{payment_id}/events").json["data"]
    return lines


def verdict(tmp_path: Path, lines: list[dict[str, Any]]) -> int:
    file = tmp_path / "export.json"
    file.write_text(json.dumps({"data": lines}), encoding="utf-8")
    return verify_audit.run([str(file)])


def test_what_the_gateway_wrote_holds(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    network: ScriptedNetwork,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    add_lines(app, merchant)
    hook = merchant.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/hooks"}).json["id"]
    merchant.post(f"/webhook-endpoints/{hook}/rotate-secret", {"overlapHours": 12})
    paid = ended(app, merchant, network, "SUCCESSFUL").id
    assert broken(app) == ([], [])
    lines = [*audit_export(merchant), *audit_export(rival), *history_export(merchant, paid)]
    assert verdict(tmp_path, lines) == 0
    assert [one.broken for one in chain.check(lines)] == [None, None, None]
    newest = audit_export(merchant)[0]
    assert f"lines 1 to {newest['position']}; the last hash is {newest['hash']}" in (
        capsys.readouterr().out
    )


AUDIT_FORGERIES = {
    "changed": (["UPDATE audit_log SET actor = 'key_2' WHERE {third}"], 3),
    "another time": (["UPDATE audit_log SET at = at + interval '1 microsecond' WHERE {third}"], 3),
    "a detail changed": (
        ["UPDATE audit_log SET details = jsonb_set(details, '{{Z,a}}', '7') WHERE {third}"],
        3,
    ),
    "deleted": (["DELETE FROM audit_log WHERE {third}"], 3),
    "deleted and closed up": (
        [
            "DELETE FROM audit_log WHERE {third}",
            "UPDATE audit_log SET position = -position WHERE tenant_id = :whose AND position > 3",
            (
                "UPDATE audit_log SET position = -position - 1 WHERE tenant_id = :whose"
                " AND position < 0"
            ),
        ],
        3,
    ),
    "two changed places": (
        [
            "UPDATE audit_log SET position = 0 WHERE {third}",
            "UPDATE audit_log SET position = 3 WHERE tenant_id = :whose AND position = 4",
            "UPDATE audit_log SET position = 4 WHERE tenant_id = :whose AND position = 0",
        ],
        3,
    ),
    "one put in between": (
        [
            "UPDATE audit_log SET position = -position WHERE tenant_id = :whose AND position >= 3",
            (
                "UPDATE audit_log SET position = 1 - position WHERE tenant_id = :whose"
                " AND position < 0"
            ),
            (
                "INSERT INTO audit_log (tenant_id, position, hash, action, actor)"
                " VALUES (:whose, 3, 'x', 'thing.done', 'key_1')"
            ),
        ],
        3,
    ),
}


@pytest.mark.parametrize("how", AUDIT_FORGERIES)
def test_a_forged_audit_log_is_named_with_its_first_line(
    app: Flask, merchant: Merchant, rival: Merchant, forge: Forge, tmp_path: Path, how: str
) -> None:
    add_lines(app, merchant)
    statements, line = AUDIT_FORGERIES[how]
    third = "tenant_id = :whose AND position = 3"
    forge(*(one.format(third=third) for one in statements), whose=merchant.tenant_id)
    assert broken(app) == ([(merchant.tenant_id, line)], [])
    lines = audit_export(merchant)
    assert verdict(tmp_path, lines) == 1
    assert [one.broken for one in chain.check(lines)] == [line]


def test_an_audit_log_cut_off_at_its_end_is_found_by_its_head(
    app: Flask, merchant: Merchant, forge: Forge
) -> None:
    add_lines(app, merchant)
    last = audit_export(merchant)[0]["position"]
    forge(f"DELETE FROM audit_log WHERE position = {last}")  # noqa: S608
    assert broken(app) == ([(merchant.tenant_id, last)], [])
    forge("DELETE FROM audit_log")
    assert broken(app) == ([(merchant.tenant_id, 1)], [])


MOVE_FORGERIES = {
    "changed": ("UPDATE transitions SET evidence = 'callback' WHERE position = 2", 2),
    "deleted": ("DELETE FROM transitions WHERE position = 2", 2),
    "cut off": (
        "DELETE FROM transitions WHERE position = (SELECT max(position) FROM transitions)",
        4,
    ),
    "reordered": (
        "UPDATE transitions SET position = CASE position WHEN 2 THEN 13 ELSE position END",
        2,
    ),
}


@pytest.mark.parametrize("how", MOVE_FORGERIES)
def test_a_forged_history_is_named_with_its_first_line(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, forge: Forge, how: str
) -> None:
    paid = ended(app, merchant, network, "SUCCESSFUL").id
    statement, line = MOVE_FORGERIES[how]
    forge(statement)
    assert broken(app) == ([], [(paid, line)])
    if how != "cut off":  # whoever holds only what is left cannot know that there was more
        assert [one.broken for one in chain.check(history_export(merchant, paid))] == [line]


def test_part_of_an_audit_log_is_checked_from_its_first_line_on(
    app: Flask, merchant: Merchant
) -> None:
    add_lines(app, merchant)
    part = audit_export(merchant)[:3]
    (found,) = chain.check(part)
    assert (found.first, found.last, found.broken) == (
        part[-1]["position"],
        part[0]["position"],
        None,
    )
    (found,) = chain.check([{**part[0], "actor": "key_2"}, *part[1:]])
    assert found.broken == part[0]["position"]


def test_what_is_no_export_is_said_to_be_none(tmp_path: Path) -> None:
    assert verdict(tmp_path, [{"action": "x"}]) == 2
    assert verify_audit.run([str(tmp_path / "nowhere.json")]) == 2


@pytest.mark.parametrize("table", ["tenants", "api_keys", "audit_log", "audit_heads", "transfers"])
def test_nothing_is_emptied(app: Flask, merchant: Merchant, table: str) -> None:
    refused(app, f"TRUNCATE {table} CASCADE")


GUARDED = {
    "TRUNCATE transitions": "emptied history",
    "TRUNCATE callbacks": "emptied callbacks",
    "TRUNCATE discrepancies": "emptied discrepancies",
    "TRUNCATE idempotency_keys": "emptied idempotency keys",
    "TRUNCATE events CASCADE": "emptied events",
    "TRUNCATE event_counters": "emptied counters",
    "DELETE FROM audit_log": "a line deleted",
    "UPDATE audit_log SET actor = 'x'": "a line changed",
    "DELETE FROM transitions": "a transition deleted",
    "UPDATE transitions SET detail = 'x'": "a transition changed",
    "DELETE FROM audit_heads": "a head deleted",
    "UPDATE audit_heads SET position = position - 1": "a head put back",
    "DELETE FROM event_counters": "a counter deleted",
    "UPDATE event_counters SET last = last - 1": "a counter put back",
    "DELETE FROM transfers": "a payment deleted",
    "DELETE FROM events": "an event deleted",
    "DELETE FROM tenants": "a tenant deleted",
    "UPDATE tenants SET created_at = now()": "a tenant's past changed",
    "UPDATE api_keys SET hash = 'x'": "a key's hash changed",
    "DELETE FROM callbacks": "a callback deleted",
    "UPDATE callbacks SET body = ''": "a callback changed",
    "DELETE FROM discrepancies": "a contradiction deleted",
    "UPDATE discrepancies SET theirs = ''": "a contradiction changed",
    "UPDATE idempotency_keys SET request_digest = ''": "a key bound to another request",
}


@pytest.mark.parametrize("statement", GUARDED)
def test_what_is_append_only_refuses_its_owner_too(
    app: Flask, merchant: Merchant, statement: str
) -> None:
    merchant.post("/webhook-endpoints", {"url": NOBODY_LISTENS}, live=False)
    cancelled = merchant.pay(live=False).json["id"]
    merchant.post(f"/payments/{cancelled}/cancel", live=False)
    fill(app, merchant.tenant_id)
    refused(app, statement)


def refused(app: Flask, statement: str) -> None:
    with (
        app.app_context(),
        pytest.raises(sa.exc.IntegrityError) as error,
        transaction(EVERY_TENANT) as tx,
    ):
        tx.session.execute(sa.text(statement))
    assert getattr(error.value.orig, "sqlstate", "") == "23001"


def test_a_gap_in_the_history_is_refused(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    paid = ended(app, merchant, network, "SUCCESSFUL")
    refused(
        app,
        "INSERT INTO transitions (transfer_id, position, tenant_id, target, evidence, detail)"  # noqa: S608
        f" VALUES ('{paid.id}', 9, '{paid.tenant_id}', 'FAILED', 'operator', '')",
    )


def test_the_heads_are_logged_once_a_day(
    app: Flask, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[dict[str, Any]] = []
    note = lambda event, **about: logged.append({"event": event, **about})  # noqa: E731
    monkeypatch.setattr(tasks, "log", SimpleNamespace(info=note))
    task = app.extensions["celery"].tasks["transfers.log_heads"]
    newest = audit_export(merchant)[0]
    with app.app_context():
        task()
        task()
    heads = [line for line in logged if line["event"] == "audit_head"]
    assert [(one["tenant_id"], one["line"], one["hash"]) for one in heads] == [
        (merchant.tenant_id, newest["position"], newest["hash"])
    ]
    assert [line["transitions"] for line in logged if line["event"] == "history_head"] == [0]
