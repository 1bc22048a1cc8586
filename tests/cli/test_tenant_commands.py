"""What an operator does with merchants on the command line; their audit logs name the operator."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.commands import run
from tests.support.fakes import HeldQueue
from tests.support.merchants import BASE, Merchant, answered
from tests.support.refusals import refusal
from tests.support.tables import row_counts
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.tenants.models import Tenant


def actions(merchant: Merchant) -> list[dict[str, Any]]:
    lines = merchant.get("/audit-log").json["data"]
    return [line for line in lines if line["actor"].startswith("operator:")]


def test_every_merchant_is_listed_with_its_state(
    app: Flask, merchant: Merchant, rival: Merchant
) -> None:
    run(app, "tenant", "suspend", rival.tenant_id, "--operator", "Ann", "--reason", "fraud")
    lines = run(app, "tenant", "list").output.splitlines()
    assert [line.split()[:2] for line in lines[::2]] == [
        [merchant.tenant_id, "live"],
        [rival.tenant_id, "suspended"],
    ]
    assert lines[0].endswith("owner@example.com  Kalulu Books")
    assert [line.split()[0] for line in lines[1::2]] == [rival.tenant_id, merchant.tenant_id]


def test_merchants_are_listed_in_pages(app: Flask, merchant: Merchant, rival: Merchant) -> None:
    first = run(app, "tenant", "list", "--limit", "1").output
    assert rival.tenant_id not in first.splitlines()[0]
    assert first.splitlines()[-1] == f"There are more: --after {merchant.tenant_id} shows them."
    rest = run(app, "tenant", "list", "--after", merchant.tenant_id).output
    assert rest.startswith(rival.tenant_id)


def test_what_would_steer_a_terminal_is_shown_as_an_escape(app: Flask, merchant: Merchant) -> None:
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.update(Tenant).values(business_name="\u009b2J\u202eKalulu"))
    assert "\\x9b2J\\u202eKalulu" in run(app, "tenant", "list").output


def created(app: Flask, email: str, *options: str) -> Merchant:
    """A merchant that an operator makes."""
    who = ("--name", "Mosi Crafts", "--email", email, "--operator", "Ann")
    result = run(app, "tenant", "create", *who, *options)
    assert result.exit_code == 0, result.output
    tenant_id = result.output.split()[1].rstrip(",")
    key = next(word for word in result.output.split() if word.startswith("zp_test_"))
    return Merchant(app.test_client(), tenant_id, key, key)


def test_an_operator_makes_a_merchant_where_registration_is_closed(app: Flask) -> None:
    app.config["REGISTRATION_OPEN"] = app.config["REGISTRATION_ACTIVATES"] = False
    made = created(app, "mosi@example.com")
    assert made.get("/payments").status_code == 200
    refusal(made.post("/api-keys", {"name": "x", "livemode": True}), 403, "tenant_not_activated")
    assert actions(made)[0]["action"] == "tenant.created"
    live = created(app, "mosi@example.com", "--activate")
    assert live.post("/api-keys", {"name": "x", "livemode": True}).status_code == 201


def test_a_second_account_with_one_e_mail_is_pointed_out_to_operators_alone(
    app: Flask, client: FlaskClient, task_queue: HeldQueue
) -> None:
    first = Merchant.register(client)
    other = {"businessName": "Kalulu Books", "email": "OWNER@example.com"}
    again = answered(client.post(f"{BASE}/auth/register", json=other))
    assert (again.status_code, first.tenant_id in again.text) == (201, False)
    told = run(app, "tenant", "activate", again.json["tenantId"], "--operator", "Ann").output
    assert first.tenant_id in told
    who = ("--name", "Kalulu", "--email", "owner@example.com", "--operator", "Ann")
    assert first.tenant_id in run(app, "tenant", "create", *who).output


@pytest.mark.parametrize("wrong", ["nobody", "a@b@c", "x" * 250 + "@example.com", ""])
def test_a_merchant_needs_an_e_mail(app: Flask, wrong: str) -> None:
    who = ("--name", "Kalulu", "--email", wrong, "--operator", "Ann")
    assert run(app, "tenant", "create", *who).exit_code == 2
    assert set(row_counts(app).values()) == {0}


def test_suspended_keys_work_nowhere_until_resumed(app: Flask, merchant: Merchant) -> None:
    person = ("--operator", "Ann", "--reason", "chargebacks")
    result = run(app, "tenant", "suspend", merchant.tenant_id, *person)
    assert (result.exit_code, result.output) == (0, "Suspended.\n")
    refusal(merchant.get("/payments"), 403, "tenant_suspended")
    again = run(app, "tenant", "suspend", merchant.tenant_id, *person)
    assert again.output == "Nothing to do: it is suspended already.\n"
    assert run(app, "tenant", "resume", merchant.tenant_id, *person).output == "Resumed.\n"
    assert merchant.get("/payments").status_code == 200
    told = [(action["action"], action["actor"], action["address"]) for action in actions(merchant)]
    assert told == [
        ("tenant.resumed", "operator:Ann", "console"),
        ("tenant.suspended", "operator:Ann", "console"),
    ]
    assert actions(merchant)[0]["details"] == {"reason": "chargebacks"}


def test_activating_twice_is_activating_once(app: Flask, merchant: Merchant) -> None:
    result = run(app, "tenant", "activate", merchant.tenant_id, "--operator", "Ann")
    assert result.output == "Nothing to do: it is active already.\n"
    assert actions(merchant) == []


@pytest.mark.parametrize("command", ["activate", "suspend", "resume"])
def test_a_merchant_who_does_not_exist_is_an_error(app: Flask, command: str) -> None:
    why = () if command == "activate" else ("--reason", "x")
    unknown = run(app, "tenant", command, "ten_" + "0" * 26, "--operator", "Ann", *why)
    assert unknown.exit_code == 1
    assert "There is no tenant" in unknown.output
    slip = run(app, "tenant", command, "pay_" + "0" * 26, "--operator", "Ann", *why)
    assert slip.exit_code == 2
    assert "is not an id such as ten_" in slip.output


@pytest.mark.parametrize("command", ["activate", "suspend", "resume"])
def test_nobody_acts_without_a_name(app: Flask, merchant: Merchant, command: str) -> None:
    result = run(app, "tenant", command, merchant.tenant_id, "--reason", "x")
    assert result.exit_code == 2
    assert actions(merchant) == []
