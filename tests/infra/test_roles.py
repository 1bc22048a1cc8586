"""What each role may do, in psql's words: with two roles, and where one role owns everything."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from psycopg.sql import SQL, Identifier, Literal

import config
from dev.servers import Servers, as_postgresql
from tests.support.fakes import HeldQueue, Inline, ScriptedNetwork, result
from tests.support.merchants import Merchant
from tests.support.objects import NOBODY_LISTENS
from zampay import privileges
from zampay.app import celery_of, create_app
from zampay.infra.database.db import db
from zampay.transfers.dispatch import Dispatcher

EVERY_WAY = (
    "SELECT set_config('zampay.tenant_id', '*', false),"
    " set_config('zampay.every_tenant', 'on', false)"
)
BYPASSING = "SELECT set_config('zampay.tenant_id', '*', false)"
TENANT_TABLES = sorted(db.metadata.tables.keys() - {"heartbeats", "operators"})
REFUSED, KEPT = "42501", "23001"
"""insufficient_privilege, and restrict_violation from our triggers."""


@dataclass(frozen=True)
class TwoRoles:
    """A gateway whose web and worker connect as another role than the owner, with two tenants."""

    app: Flask
    release: Flask
    owner_url: str
    app_url: str
    own: Merchant
    rival: Merchant
    network: ScriptedNetwork
    task_queue: HeldQueue


@pytest.fixture(scope="module")
def app_role(servers: Servers) -> Iterator[tuple[str, str]]:
    """A plain role and its password."""
    if servers.admin_url is None:
        pytest.skip("the given servers let nobody make a second role")
    role, password = f"zampay_app_{os.getpid()}", secrets.token_hex(16)
    with psycopg.connect(servers.admin_url, autocommit=True) as link:
        made = SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier(role), Literal(password))
        link.execute(made)
        yield role, password
        link.execute(SQL("DROP ROLE {}").format(Identifier(role)))


@pytest.fixture(scope="module")
def two(
    migrated_app: Flask, servers: Servers, settings: config.Config, app_role: tuple[str, str]
) -> Iterator[TwoRoles]:
    name = f"zampay_roles_{os.getpid()}"
    owner_url = as_postgresql(servers.create_database(name))
    place = urlsplit(owner_url).netloc.rpartition("@")[2]
    app_url = f"postgresql://{app_role[0]}:{app_role[1]}@{place}/{name}"
    both = replace(
        settings,
        database_url=app_url.replace("postgresql:", "postgresql+psycopg:"),
        database_url_owner=owner_url.replace("postgresql:", "postgresql+psycopg:"),
        metrics_token="0123456789abcdef0123456789abcdef",
    )
    release = create_app(both, as_owner=True)
    with release.app_context():
        upgrade()
    app = create_app(both)
    task_queue, network = HeldQueue(app), ScriptedNetwork()
    app.extensions["task_queue"] = task_queue
    app.extensions["dispatcher"] = Dispatcher(app, per_tenant=2, executor=Inline())
    app.extensions["providers"] = {
        True: {network.profile.code: network},
        False: app.extensions["providers"][False],
    }
    own, rival = (Merchant.register(app.test_client(), one) for one in ("Own", "Rival"))
    for one in (own, rival):
        one.post("/webhook-endpoints", {"url": NOBODY_LISTENS, "headers": {"X-Shop": "s3cret"}})
        assert one.pay().status_code == 202
    yield TwoRoles(app, release, owner_url, app_url, own, rival, network, task_queue)
    for gateway in (app, release):
        with gateway.app_context():
            db.engine.dispose()
    celery_of(migrated_app).set_current()
    servers.drop_database(name)


def outcome(url: str, *statements: str, tenant_id: str = "") -> Any:
    """The rows of the last statement's first column, its row count, or the code of its error;
    nothing of it is kept.
    """
    with psycopg.connect(url) as link:
        try:
            link.execute("SELECT set_config('zampay.tenant_id', %s, false)", [tenant_id])
            for statement in statements:
                done = link.execute(statement)
            return [row[0] for row in done] if done.description else done.rowcount
        except psycopg.Error as error:
            return error.sqlstate
        finally:
            link.rollback()


APP_MAY = [
    # its own tenant's rows
    ("SELECT count(*) FROM transfers", [1]),
    ("UPDATE api_keys SET revoked_at = now() WHERE NOT livemode", 1),
    ("SELECT id FROM tenants WHERE id <> current_setting('zampay.tenant_id')", []),
    # what a key is, and what is final
    ("UPDATE api_keys SET hash = 'x'", REFUSED),
    ("UPDATE api_keys SET tenant_id = 'ten_1'", REFUSED),
    ("UPDATE api_keys SET scopes = '{}'", REFUSED),
    ("UPDATE api_keys SET livemode = true", REFUSED),
    ("DELETE FROM api_keys", REFUSED),
    ("UPDATE tenants SET activated_at = now()", REFUSED),
    ("UPDATE tenants SET suspended_at = NULL", REFUSED),
    ("DELETE FROM transfers", REFUSED),
    ("UPDATE transfers SET amount_minor = 1", KEPT),
    ("UPDATE audit_log SET actor = 'nobody'", REFUSED),
    ("DELETE FROM audit_log", REFUSED),
    ("TRUNCATE audit_log", REFUSED),
    ("SELECT * FROM audit_heads", REFUSED),
    ("SELECT * FROM operators", REFUSED),
    ("INSERT INTO operators (name) VALUES ('eve')", REFUSED),
    ("UPDATE proposals SET approved_by = 'eve'", REFUSED),
    ("UPDATE audit_heads SET position = 0", REFUSED),
    ("UPDATE transitions SET detail = ''", REFUSED),
    ("TRUNCATE transitions", REFUSED),
    ("UPDATE events SET type = ''", REFUSED),
    ("DELETE FROM webhook_deliveries", REFUSED),
    # the guards themselves
    ("ALTER TABLE audit_log DISABLE TRIGGER USER", REFUSED),
    ("SET session_replication_role = replica", REFUSED),
    ("ALTER TABLE transfers DISABLE ROW LEVEL SECURITY", REFUSED),
    ("CREATE POLICY open ON transfers USING (true)", REFUSED),
    ("DROP TABLE audit_log", REFUSED),
    ("DROP FUNCTION sees_every_tenant()", REFUSED),
    ("CREATE OR REPLACE FUNCTION sees_every_tenant() RETURNS boolean RETURN true", REFUSED),
    ("CREATE TABLE public.mine (id text)", REFUSED),
    ("CREATE FUNCTION public.mine() RETURNS text RETURN 'x'", REFUSED),
    ("UPDATE alembic_version SET version_num = 'x'", REFUSED),
]


@pytest.mark.parametrize(("statement", "expected"), APP_MAY, ids=[one for one, _ in APP_MAY])
def test_the_role_of_web_may_do_this_and_no_more(
    two: TwoRoles, statement: str, expected: Any
) -> None:
    assert outcome(two.app_url, statement, tenant_id=two.own.tenant_id) == expected


SWEEP = "SELECT * FROM due_to_submit('MTN', 'deployment', true, 10, 10, '{}', '{}')"
ACROSS = {
    "the star of old": (BYPASSING,),
    "the operator's setting": (EVERY_WAY,),
    "after a function of the owner": (EVERY_WAY, SWEEP),
    "a temporary table in place of ours": (
        "CREATE TEMPORARY TABLE tenants (id text)",
        "SET search_path = pg_temp, public",
        EVERY_WAY,
    ),
    "a role of more": (EVERY_WAY, "RESET ROLE"),
    "row security off": (EVERY_WAY, "SET row_security = on"),
}


@pytest.mark.parametrize("how", ACROSS)
def test_the_role_of_web_sees_no_row_of_a_tenant_that_it_does_not_name(
    two: TwoRoles, how: str
) -> None:
    for table in TENANT_TABLES:
        seen = outcome(two.app_url, *ACROSS[how], f"SELECT count(*) FROM public.{table}")  # noqa: S608
        assert seen in ([0], REFUSED), table


def test_row_security_cannot_be_passed_over(two: TwoRoles) -> None:
    statements = ("SET row_security = off", "SELECT count(*) FROM transfers")
    assert outcome(two.app_url, *statements) == REFUSED
    assert outcome(two.app_url, "SET ROLE zampay") == REFUSED


LOOK_UPS = [
    ("SELECT tenant_id FROM tenant_of_key('unknown')", []),
    ("SELECT tenant_id FROM tenant_of_callback('half')", []),
    ("SELECT tenant_id FROM tenant_of_wallet('half')", []),
    ("SELECT tenant_id FROM tenant_of_reference('MTN', 'none')", []),
    ("SELECT count(*) FROM due_to_submit('MTN', 'deployment', true, 10, 10, '{}', '{}')", [2]),
    ("SELECT count(*) FROM due_to_poll('MTN', 'deployment', true, 10, 10, '{}', '{}')", [0]),
    ("SELECT count(*) FROM streams_to_submit(), streams_to_poll()", [0]),
    ("SELECT id FROM due_endpoints(10)", []),
    ("SELECT due FROM deliveries_owed()", [0]),
    ("SELECT forgotten FROM forget_deliveries(10)", [0]),
    ("SELECT sum(open)::int FROM transfers_owed()", [2]),
    ("SELECT live FROM discrepancies_open()", [0]),
    ("SELECT sum(violations)::int FROM invariant_violations('pay_')", [0]),
    ("SELECT count(*) FROM transfers_since('pay_')", [2]),
    ("SELECT count(*) FROM network_troubles_open(), network_troubles_untold()", [0]),
    ("SELECT count(*) FROM networks_since('pay_')", [0]),
    ("SELECT count(*) FROM tenants_concerned('MTN', 'deployment', '-infinity', '')", [2]),
    ("SELECT count(*) FROM audit_heads_now()", [2]),
    ("SELECT transitions FROM history_of_day(current_date)", [2]),
]


@pytest.mark.parametrize(("statement", "expected"), LOOK_UPS)
def test_the_ways_across_tenants_give_what_they_name(
    two: TwoRoles, statement: str, expected: Any
) -> None:
    assert outcome(two.app_url, statement) == expected


def test_every_way_across_tenants_is_in_this_table() -> None:
    for function in privileges.FUNCTIONS:
        assert any(function.name in statement for statement, _ in LOOK_UPS), function.name


def test_nobody_else_may_take_them(two: TwoRoles, servers: Servers) -> None:
    query = (
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
        " AND prorettype <> 'trigger'::regtype"
        " AND (proacl IS NULL OR EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0))"
    )
    assert outcome(two.owner_url, query) == []


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (("SELECT count(*) FROM transfers",), [0]),
        ((BYPASSING, "SELECT count(*) FROM transfers"), [0]),
        ((BYPASSING, "SELECT count(*) FROM api_keys"), [0]),
        ((EVERY_WAY, "SELECT count(*) FROM transfers"), [2]),
        ((SWEEP, "SELECT count(*) FROM transfers"), [0]),
        ((EVERY_WAY, SWEEP, "SELECT count(*) FROM transfers"), [2]),
        ((EVERY_WAY, "UPDATE api_keys SET hash = 'x' WHERE livemode"), KEPT),
        ((EVERY_WAY, "UPDATE api_keys SET tenant_id = tenant_id || '1'"), KEPT),
    ],
)
def test_the_owner_sees_every_tenant_only_where_it_says_so(
    two: TwoRoles, statements: tuple[str, ...], expected: Any
) -> None:
    """The same holds for the one role of a platform that gives no second."""
    assert outcome(two.owner_url, *statements) == expected


def test_the_whole_gateway_works_as_the_lesser_role(two: TwoRoles) -> None:
    """Keys, a payment to its end, a callback, deliveries, sweeps, gauges, signs of life."""
    made = two.own.post("/api-keys", {"name": "Till", "livemode": True})
    assert made.status_code == 201
    key_id = made.json["id"]
    assert two.own.post(f"/api-keys/{key_id}/rotate").status_code == 201
    assert two.own.delete(f"/api-keys/{key_id}").status_code == 204
    payment = two.own.pay(externalId="second").json["id"]
    two.network.poll_answers = [result("SUCCESSFUL")] * 5
    two.task_queue.run_all()
    token = outcome(
        two.owner_url,
        EVERY_WAY,
        f"SELECT callback_token FROM transfers WHERE id = '{payment}'",  # noqa: S608
    )[0]
    network = two.network.profile.code.lower()
    assert two.app.test_client().put(f"/api/v1/callbacks/{network}/{token}").status_code == 200
    two.task_queue.run_all()
    assert two.own.get(f"/payments/{payment}").json["status"] == "SUCCESSFUL"
    tasks = two.app.extensions["celery"].tasks
    with two.app.app_context():
        for name in ("transfers.sweep", "webhooks.sweep", "webhooks.purge"):
            tasks[name]()
    two.task_queue.run_all()
    shown = (
        two.app.test_client()
        .get("/metrics", headers={"Authorization": "Bearer 0123456789abcdef0123456789abcdef"})
        .text
    )
    for gauge in ("zampay_transfers_open", "zampay_invariant_violations", "zampay_transfers_today"):
        assert gauge in shown
    assert 'zampay_heartbeat_age_seconds{role="worker"}' in shown
    assert two.own.get("/audit-log").status_code == 200


@pytest.mark.parametrize("role", ["nobody_of_that_name", "zampay"])
def test_a_role_that_does_not_fit_stops_the_release(two: TwoRoles, role: str) -> None:
    with two.release.app_context(), db.engine.connect() as link:
        privileges.remove_functions(link)
        with pytest.raises(privileges.AppRoleNotFit, match=role):
            privileges.apply(link, app_role=role)
