"""What merchants and networks write is refused where it makes no sense, and never steers the
terminal of whoever reads it.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import sqlalchemy as sa
import structlog
from flask import Flask
from flask.testing import FlaskClient

from tests.support.commands import run
from tests.support.fakes import ScriptedNetwork
from tests.support.given import processing
from tests.support.log_lines import logging_as_before
from tests.support.merchants import BASE, Merchant, answered
from tests.support.refusals import refusal, wrong_fields
from zampay.cli.commands import OPERATORS, load
from zampay.cli.group import Commands
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.infra.telemetry import logs
from zampay.kernel import ids, words
from zampay.providers.contract import NoAnswer
from zampay.transfers.models import Transfer
from zampay.transfers.traces import Discrepancy, Proposal

__all__ = ["logging_as_before"]

STEERING = ["\x1b[2J", "\x9b2J", "\x85", "\x7f", "\u202e", "\u2066", "\u200f", "\u061c", "\u2028"]
BLANK = ["   ", "\u3164", "\u200b\u200b", "\u2800", "\u00a0", "..."]
EVERYWHERE = pytest.mark.parametrize("odd", STEERING, ids=ascii)


@EVERYWHERE
def test_text_that_steers_is_refused_wherever_merchants_write(merchant: Merchant, odd: str) -> None:
    text = f"a{odd}b"
    for changes in ({"payerMessage": text}, {"payeeNote": text}, {"metadata": {"a": text}}):
        refusal(merchant.pay(live=False, **changes), 422, "validation_failed")
    refusal(merchant.pay(live=False, metadata={text: "a"}), 422, "validation_failed")
    refusal(merchant.pay(live=False, externalId=text), 422, "validation_failed")
    made = merchant.post("/webhook-endpoints", {"url": "http://127.0.0.1/", "description": text})
    assert wrong_fields(refusal(made, 422, "validation_failed")) == {"description"}
    made = merchant.post("/api-keys", {"name": text})
    assert wrong_fields(refusal(made, 422, "validation_failed")) == {"name"}


@pytest.mark.parametrize("name", [*(f"a{odd}b" for odd in STEERING), *BLANK], ids=ascii)
def test_a_name_is_made_of_words(client: FlaskClient, merchant: Merchant, name: str) -> None:
    body = {"businessName": name, "email": "a@example.com"}
    answer = client.post(f"{BASE}/auth/register", json=body)
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == {"businessName"}
    answer = merchant.post("/api-keys", {"name": name})
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == {"name"}


@pytest.mark.parametrize("email", ['"\x1b[2J"@example.com', "a\u200b@example.com"], ids=ascii)
def test_an_email_address_can_be_seen(client: FlaskClient, email: str) -> None:
    body = {"businessName": "Kalulu Books", "email": email}
    answer = client.post(f"{BASE}/auth/register", json=body)
    assert wrong_fields(refusal(answer, 422, "validation_failed")) == {"email"}


def test_text_of_people_is_taken(client: FlaskClient, merchant: Merchant) -> None:
    family = "Zikomo \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f na ng'ombe"
    answer = merchant.pay(live=False, payerMessage=family, metadata={"a": family})
    assert (answer.status_code, answer.json["payerMessage"]) == (202, family)
    body = {"businessName": "  Caf\u00e9  \uff2dosi & Sons (Pvt) Ltd.", "email": "a@example.com"}
    answer = answered(client.post(f"{BASE}/auth/register", json=body))
    assert answer.json["businessName"] == "Caf\u00e9 Mosi & Sons (Pvt) Ltd."


def write_odd_text(app: Flask, payment: Transfer) -> None:
    """As a version wrote it that did not look."""
    odd = {"odd": "a\x9b2J\u202eb\x1bc"}
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        for change in (
            "UPDATE tenants SET business_name = :odd, email = :odd",
            "UPDATE api_keys SET name = :odd",
            "UPDATE transfers SET provider_transaction_id = :odd, payer_message = :odd",
        ):
            tx.session.execute(sa.text(change), odd)
        row = {"id": ids.new("dsc"), "kind": "figures_differ", "ours": "a", "theirs": odd["odd"]}
        theirs = {"tenant_id": payment.tenant_id, "transfer_id": payment.id}
        tx.session.execute(sa.insert(Discrepancy).values({**row, **theirs}))
        asked = {"id": ids.new("prp"), "action": "resolve", "details": {"status": odd["odd"]}}
        who = {"reason": odd["odd"], "proposed_by": odd["odd"]}
        until = {"expires_at": sa.func.now() + sa.text("interval '1 hour'")}
        tx.session.execute(sa.insert(Proposal).values({**asked, **who, **until, **theirs}))


def test_nothing_that_was_stored_steers_a_terminal(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    payment = processing(app, merchant, network)
    write_odd_text(app, payment)
    commands: list[tuple[str, ...]] = [
        ("tenant", "list"),
        ("key", "list", merchant.tenant_id),
        ("payment", "list"),
        ("payment", "show", payment.id),
        ("payment", "list", "--csv"),
        ("payment", "today"),
        ("payment", "today", "--csv"),
        ("payment", "proposals"),
        ("doctor",),
    ]
    shown = [run(app, *command).output for command in commands]
    for output in shown:
        assert words.visible(output.replace("\n", "").replace("\t", "")) == output.replace(
            "\n", ""
        ).replace("\t", "")
    assert "a\\x9b2J\\u202eb\\x1bc" in shown[0]
    name_address_reference_theirs = 4
    assert shown[3].count("a\\x9b2J\\u202eb\\x1bc") == name_address_reference_theirs
    status_person_reason = 3
    assert shown[7].count("a\\x9b2J\\u202eb\\x1bc") == status_person_reason


def test_no_log_line_steers_a_terminal(
    logging_as_before: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for readable in (True, False):
        logs.init(level="INFO", readable=readable)
        structlog.get_logger().info("odd", address="a\x9b2J\u202eb")
    told = capsys.readouterr().out
    assert "\x9b" not in told
    assert "\u202e" not in told
    assert told.count("u202e") == 2


def test_what_a_network_says_is_one_line() -> None:
    assert NoAnswer("a\nb\x9b2J\u2028c").detail == "a\ufffdb\ufffd2J\ufffdc"


def test_every_command_of_ours_is_guarded() -> None:
    from zampay import cli

    assert cli.__file__ is not None
    guards: dict[str, Any] = {
        path.name: path.read_text(encoding="utf-8")
        for path in Path(cli.__file__).parent.glob("*.py")
    }
    assert "output.visible()" in guards["group.py"]
    assert "output.visible()" in guards["doctor.py"]
    commands = {name: load(name) for name in OPERATORS}
    groups = [one for one in commands.values() if isinstance(one, Commands)]
    guarded = {id(command) for group in groups for command in group.commands.values()}
    shows_nothing_of_theirs = {"main.py", "processes.py"}
    names = guards.keys() - shows_nothing_of_theirs
    modules = [import_module(f"{cli.__name__}.{Path(name).stem}") for name in names]
    for module in modules:
        for name, one in vars(module).items():
            if isinstance(one, click.Command) and not isinstance(one, Commands):
                assert id(one) in guarded or one.name == "doctor", (module.__name__, name)
    alone = {name for name, one in commands.items() if not isinstance(one, click.Group)}
    assert alone == {"doctor"}, "a command outside a group guards its own output"
