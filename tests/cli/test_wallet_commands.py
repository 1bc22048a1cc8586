"""`zampay wallet …`: the same acts as over REST, by an operator, and what the doctor finds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import config
from tests.support.commands import run
from tests.support.merchants import Merchant
from tests.support.wallets import WRONG_KEY, a_wallet, an_active_wallet, credentials
from zampay.cli.doctor import examine
from zampay.cli.doctor_wallets import Code
from zampay.kernel.findings import Finding, Verdict
from zampay.wallets import rotate_encryption

pytestmark = pytest.mark.usefixtures("network")
BY = ("--operator", "chanda", "--reason", "asked by phone")
Given = Callable[..., str]


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """A file of credentials; its path."""

    def make(**changes: Any) -> str:
        file = tmp_path / "credentials.json"
        file.write_text(json.dumps({**credentials(), **changes}), encoding="utf-8")
        return str(file)

    return make


def test_an_operator_makes_and_verifies_and_disables_a_wallet(
    app: Flask, merchant: Merchant, given: Given
) -> None:
    made = run(
        app,
        *("wallet", "create", merchant.tenant_id, "--provider", "MTN", "--name", "Main till"),
        *("--credentials", given(), *BY),
    )
    assert made.exit_code == 0, made.output
    [wallet] = merchant.get("/wallets").json["data"]
    assert made.output == f"Created: {wallet['id']}, UNVERIFIED.\n"
    verified = run(app, "wallet", "verify", wallet["id"], "--operator", "chanda")
    assert (verified.exit_code, f"{wallet['id']} is ACTIVE." in verified.output) == (0, True)
    listed = run(app, "wallet", "list", merchant.tenant_id).output
    assert wallet["id"] in listed
    assert "Main till" in listed
    assert merchant.tenant_id in run(app, "wallet", "show", wallet["id"]).output
    assert "1000 payment ZMW" in run(app, "wallet", "balance", wallet["id"]).output
    assert run(app, "wallet", "disable", wallet["id"], *BY).output == "Disabled.\n"
    entries = merchant.get("/audit-log").json["data"][:3]
    assert [(one["action"], one["actor"]) for one in entries] == [
        ("wallet.disabled", "operator:chanda"),
        ("wallet.verified", "operator:chanda"),
        ("wallet.created", "operator:chanda"),
    ]
    assert entries[0]["details"] == {"reason": "asked by phone"}


def test_wrong_credentials_are_told_in_words_and_not_shown(
    app: Flask, merchant: Merchant, given: Given
) -> None:
    wallet = an_active_wallet(merchant)
    replacing = ("wallet", "replace", wallet["id"], "--credentials")
    for wrong, says in (
        ({"apiKey": "hunter2"}, "at least 32 characters"),
        ({"apiKey": 12345678}, "must be a JSON object"),
    ):
        told = run(app, *replacing, given(**wrong), *BY)
        assert told.exit_code == 1
        assert says in told.output
        assert "hunter2" not in told.output
        assert "12345678" not in told.output
    assert run(app, *replacing, given(apiKey=WRONG_KEY), *BY).exit_code == 0
    verified = run(app, "wallet", "verify", wallet["id"], "--operator", "chanda")
    assert verified.exit_code == 1
    assert "The network refuses them." in verified.output


def test_what_does_not_exist_is_told(app: Flask) -> None:
    told = run(app, "wallet", "show", "wal_00000000000000000000000000")
    assert (told.exit_code, "There is no wallet" in told.output) == (1, True)


def found(app: Flask) -> list[Finding]:
    with app.app_context():
        return list(examine())


def test_the_doctor_names_a_wallet_whose_credentials_are_refused(
    app: Flask, merchant: Merchant, rival: Merchant
) -> None:
    good, bad = an_active_wallet(merchant), an_active_wallet(rival)
    a_wallet(rival, given=credentials(apiKey=WRONG_KEY))
    path = f"/wallets/{bad['id']}"
    rival.put(f"{path}/credentials", {"credentials": credentials(apiKey=WRONG_KEY)})
    [refused] = [one for one in found(app) if one.code == "refused"]
    assert refused.verdict is Verdict.BROKEN
    assert bad["id"] in refused.subject
    assert f"PUT {path}/credentials" in refused.remedy
    assert not any(good["id"] in one.subject for one in found(app))
    rival.post(f"{path}/verify")
    known = [one for one in found(app) if one.code == Code.WALLET_KNOWN_REFUSED]
    assert [one.verdict for one in known] == [Verdict.ADVICE]


def test_credentials_are_encrypted_again_after_a_change_of_the_key(
    app: Flask, merchant: Merchant, another_app: Callable[..., Flask], settings: config.Config
) -> None:
    an_active_wallet(merchant)
    new = "the-secret-key-of-the-next-year!"
    swapped = another_app(secret_keys=(new, *settings.secret_keys))
    alone = another_app(secret_keys=(new,))
    with alone.app_context():
        assert len(rotate_encryption.examine().lost) == 1
    told = run(swapped, "secrets", "rotate-encryption")
    assert (told.exit_code, "Encrypted again: 1." in told.output) == (0, True)
    with alone.app_context():
        tally = rotate_encryption.examine()
        assert (tally.current, tally.earlier, tally.lost) == (1, 0, [])
