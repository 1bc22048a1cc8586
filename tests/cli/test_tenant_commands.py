"""What an operator does with merchants, from the command line, with his name in their logs."""

from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from tests.merchants import Merchant
from tests.refusals import refusal


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=list(arguments))


def deeds(merchant: Merchant) -> list[dict[str, Any]]:
    lines = merchant.get("/audit-log").json["data"]
    return [line for line in lines if line["actor"].startswith("operator:")]


def test_every_merchant_is_listed_with_its_state(
    app: Flask, merchant: Merchant, rival: Merchant
) -> None:
    run(app, "tenant", "suspend", rival.tenant_id, "--operator", "Ann", "--reason", "fraud")
    lines = run(app, "tenant", "list").output.splitlines()
    assert [line.split()[:2] for line in lines] == [
        [merchant.tenant_id, "live"],
        [rival.tenant_id, "suspended"],
    ]
    assert lines[0].endswith("Kalulu Books")


def test_suspended_keys_work_nowhere_until_resumed(app: Flask, merchant: Merchant) -> None:
    person = ("--operator", "Ann", "--reason", "chargebacks")
    result = run(app, "tenant", "suspend", merchant.tenant_id, *person)
    assert (result.exit_code, result.output) == (0, "Suspended.\n")
    refusal(merchant.get("/payments"), 403, "tenant_suspended")
    again = run(app, "tenant", "suspend", merchant.tenant_id, *person)
    assert again.output == "Nothing to do: it is suspended already.\n"
    assert run(app, "tenant", "resume", merchant.tenant_id, *person).output == "Resumed.\n"
    assert merchant.get("/payments").status_code == 200
    told = [(deed["action"], deed["actor"], deed["address"]) for deed in deeds(merchant)]
    assert told == [
        ("tenant.resumed", "operator:Ann", "console"),
        ("tenant.suspended", "operator:Ann", "console"),
    ]
    assert deeds(merchant)[0]["details"] == {"reason": "chargebacks"}


def test_activating_twice_is_activating_once(app: Flask, merchant: Merchant) -> None:
    result = run(app, "tenant", "activate", merchant.tenant_id, "--operator", "Ann")
    assert result.output == "Nothing to do: it is active already.\n"
    assert deeds(merchant) == []


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
    assert deeds(merchant) == []
