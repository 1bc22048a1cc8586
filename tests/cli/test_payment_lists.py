"""Lists of payments and a day in figures: what an operator needs to answer a customer."""

import csv
import io

import pytest
from flask import Flask

from tests.cli.test_payment_commands import listed
from tests.support.commands import run
from tests.support.fakes import ScriptedNetwork
from tests.support.given import accept, ended
from tests.support.merchants import Merchant


def test_a_support_question_is_answered_without_sql(
    app: Flask, merchant: Merchant, rival: Merchant, network: ScriptedNetwork
) -> None:
    paid = ended(app, merchant, network, "SUCCESSFUL")
    declined = ended(app, rival, network, "FAILED")
    order = accept(
        app,
        merchant,
        externalId="order-1042",
        msisdn="0963123451",
        amount="99.90",
        metadata={"till": "7"},
    )
    assert listed(app, "--number", "+260 (0) 96 312\u20113451") == [order.id]
    assert listed(app, "--external-id", "order-1042") == [order.id]
    assert listed(app, "--external-id", "order-1042", "--external-id", paid.external_id) == [
        order.id,
        paid.id,
    ]
    assert listed(app, "--reference", "1884710816") == [paid.id]
    assert listed(app, "--reference", paid.provider_reference.upper()) == [paid.id]
    assert listed(app, "--reference", "1884710817") == []
    assert listed(app, "--merchant", rival.tenant_id) == [declined.id]
    assert listed(app, "--metadata", "till=7") == [order.id]
    assert listed(app, "--amount", "99.90", "--day", "today") == [order.id]
    assert listed(app, "--day", "yesterday") == []
    assert listed(app, "--since", "2026-01-31T12:00:00Z", "--state", "FAILED") == [declined.id]
    assert listed(app, "--since", "2999-01-01") == []
    assert listed(app, "--merchant", "nobody of that name") == []
    line = run(app, "payment", "list", "--number", "0963123451").output.splitlines()[1]
    for wanted in ("99.90 ZMW", "26096•••3451", "order-1042", "Kalulu Books", merchant.tenant_id):
        assert wanted in line
    assert "payer_declined" in run(app, "payment", "list", "--state", "FAILED").output


@pytest.mark.parametrize(
    "option",
    [("--number", "0211123456"), ("--amount", "12,50"), ("--metadata", "till"), ("--day", "x")],
)
def test_what_cannot_be_looked_for_is_a_usage_error(app: Flask, option: tuple[str, str]) -> None:
    assert run(app, "payment", "list", *option).exit_code == 2


@pytest.mark.parametrize("width", ["80", "60"])
def test_a_list_fits_the_terminal(
    app: Flask,
    merchant: Merchant,
    network: ScriptedNetwork,
    monkeypatch: pytest.MonkeyPatch,
    width: str,
) -> None:
    accept(app, merchant, externalId="order-" + "x" * 100)
    monkeypatch.setenv("COLUMNS", width)
    shown = run(app, "payment", "list").output.splitlines()
    assert max(len(line) for line in shown[1:]) <= max(int(width), 67)
    assert "12.50 ZMW" in " ".join(shown)
    assert max(len(line) for line in run(app, "payment", "today").output.splitlines()) <= 80


def test_a_spreadsheet_runs_nothing_that_a_merchant_wrote(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    given = ["=1+1", "+1", "-1", "@SUM(A1)", "plain"]
    for external_id in given:
        accept(app, merchant, externalId=external_id)
    result = run(app, "payment", "list", "--csv", "--oldest-first")
    rows = list(csv.DictReader(io.StringIO(result.output)))
    assert [row["external id"] for row in rows] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "plain"]
    assert {row["amount"] for row in rows} == {"12.50"}
    assert {row["merchant"] for row in rows} == {"Kalulu Books"}


def test_a_day_is_shown_in_figures_by_merchant_and_mode(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    ended(app, merchant, network, "SUCCESSFUL")
    ended(app, merchant, network, "SUCCESSFUL")
    ended(app, merchant, network, "FAILED")
    accept(app, merchant)
    accept(app, merchant, live=False)
    shown = run(app, "payment", "today").output.splitlines()
    assert [line.split() for line in shown[2:]] == [
        ["Kalulu", "Books", "live", "4", "2", "25.00", "ZMW", "67%"],
        ["Kalulu", "Books", "test", "1", "0", "0.00", "ZMW", "-"],
    ]
    assert run(app, "payment", "today", "--day", "2020-01-31").output.endswith("There is none.\n")
