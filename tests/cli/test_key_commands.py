"""An operator revokes a leaked or lost key; their name and reason are in the audit log."""

from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from tests.support.commands import run
from tests.support.merchants import Merchant
from tests.support.refusals import refusal
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.tenants.models import Tenant

WHY = ("--operator", "Ann", "--reason", "found in a public repository")


def revoke(app: Flask, key_id: str, *options: str) -> Result:
    return run(app, "key", "revoke", key_id, *(options or WHY))


def key_of(merchant: Merchant, *, live: bool) -> str:
    keys = merchant.get("/api-keys", live=False).json["data"]
    return next(str(one["id"]) for one in keys if one["livemode"] is live)


def actions(merchant: Merchant) -> list[dict[str, Any]]:
    lines = merchant.get("/audit-log", live=False).json["data"]
    return [line for line in lines if line["actor"].startswith("operator:")]


def test_a_revoked_live_key_works_no_more(app: Flask, merchant: Merchant) -> None:
    key_id = key_of(merchant, live=True)
    result = revoke(app, key_id)
    told = f"Revoked: the live key 'Live' of {merchant.tenant_id}.\n"
    assert (result.exit_code, result.output) == (0, told)
    refusal(merchant.get("/payments"), 401, "not_authenticated")
    (action,) = actions(merchant)
    line = {name: action[name] for name in ("action", "actor", "address", "subject", "details")}
    assert line == {
        "action": "key.revoked",
        "actor": "operator:Ann",
        "address": "console",
        "subject": key_id,
        "details": {"reason": "found in a public repository"},
    }


def test_only_the_named_key_is_revoked(app: Flask, merchant: Merchant, rival: Merchant) -> None:
    revoke(app, key_of(merchant, live=True))
    assert merchant.get("/payments", live=False).status_code == 200
    assert rival.get("/payments").status_code == 200
    assert actions(rival) == []


def test_revoking_twice_is_revoking_once(app: Flask, merchant: Merchant) -> None:
    key_id = key_of(merchant, live=True)
    revoke(app, key_id)
    again = revoke(app, key_id)
    assert (again.exit_code, again.output) == (0, "Nothing to do: it is revoked already.\n")
    assert len(actions(merchant)) == 1


def test_a_key_that_does_not_exist_is_an_error(app: Flask) -> None:
    unknown = revoke(app, "key_" + "0" * 26)
    assert unknown.exit_code == 1
    assert "There is no key" in unknown.output
    slip = revoke(app, "zp_live_" + "0" * 48)
    assert slip.exit_code == 2
    assert "is not an id such as key_" in slip.output


@pytest.mark.parametrize("said", [("--operator", "Ann"), ("--reason", "leaked")])
def test_nobody_revokes_without_name_and_reason(
    app: Flask, merchant: Merchant, said: tuple[str, str]
) -> None:
    assert revoke(app, key_of(merchant, live=True), *said).exit_code == 2
    assert merchant.get("/payments").status_code == 200


def issue(app: Flask, merchant: Merchant, *options: str) -> Result:
    return run(app, "key", "issue", merchant.tenant_id, *options, *WHY)


def text_in(result: Result) -> str:
    """The key that a command shows once."""
    assert result.exit_code == 0, result.output
    return result.output.split()[-1]


def test_an_operator_replaces_a_lost_live_key(app: Flask, merchant: Merchant) -> None:
    revoke(app, key_of(merchant, live=True))
    merchant.live_key = text_in(issue(app, merchant, "--live"))
    assert merchant.get("/payments").status_code == 200
    assert merchant.get("/payments", live=False).status_code == 200
    action = actions(merchant)[0]
    assert (action["action"], action["actor"]) == ("key.created", "operator:Ann")
    assert action["details"]["reason"] == "found in a public repository"
    assert action["details"]["livemode"] is True


def test_issuing_may_refuse_all_other_keys(app: Flask, merchant: Merchant, rival: Merchant) -> None:
    old = merchant.live_key
    merchant.live_key = text_in(issue(app, merchant, "--live", "--revoke-others"))
    assert merchant.get("/payments").status_code == 200
    refusal(merchant.get("/payments", live=False), 401, "not_authenticated")
    merchant.live_key, new = old, merchant.live_key
    refusal(merchant.get("/payments"), 401, "not_authenticated")
    assert rival.get("/payments").status_code == 200
    merchant.live_key = merchant.test_key = new
    assert [action["action"] for action in actions(merchant)] == [
        "key.created",
        *["key.revoked"] * 2,
    ]


def test_an_issued_key_may_have_few_scopes(app: Flask, merchant: Merchant) -> None:
    merchant.test_key = text_in(issue(app, merchant, "--test", "--scope", "payments:read"))
    assert merchant.get("/payments", live=False).status_code == 200
    refusal(merchant.get("/audit-log", live=False), 403, "scope_missing")


def test_no_live_key_for_a_merchant_who_is_not_activated(app: Flask, merchant: Merchant) -> None:
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.update(Tenant).values(activated_at=None))
    result = issue(app, merchant, "--live")
    assert result.exit_code == 1
    assert f"tenant activate {merchant.tenant_id}" in result.output
    assert actions(merchant) == []


def test_a_key_needs_a_merchant_and_a_mode(app: Flask, merchant: Merchant) -> None:
    assert issue(app, merchant).exit_code == 2
    merchant.tenant_id = "ten_" + "0" * 26
    unknown = issue(app, merchant, "--test")
    assert unknown.exit_code == 1
    assert "There is no tenant" in unknown.output


def test_keys_are_listed_without_their_text(app: Flask, merchant: Merchant) -> None:
    revoke(app, key_of(merchant, live=True))
    listed = ["key", "list", merchant.tenant_id]
    usable = run(app, *listed).output.splitlines()[1:]
    assert [line.split()[1:3] for line in usable] == [["test", "usable"]]
    every = run(app, *listed, "--all").output
    modes = [line.split()[1:3] for line in every.splitlines()[1:]]
    assert modes == [["live", "revoked"], ["test", "usable"]]
    assert merchant.test_key not in every
    few = run(app, *listed, "--all", "--limit", "1").output
    assert few.splitlines()[-1] == "There are more than these 1: --limit shows them."
