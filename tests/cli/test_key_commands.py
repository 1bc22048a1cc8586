"""An operator revokes a key that leaked or was lost, with his name and reason in the audit log."""

from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from tests.merchants import Merchant
from tests.refusals import refusal

WHY = ("--operator", "Ann", "--reason", "found in a public repository")


def revoke(app: Flask, key_id: str, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["key", "revoke", key_id, *(options or WHY)])


def key_of(merchant: Merchant, *, live: bool) -> str:
    keys = merchant.get("/api-keys", live=False).json["data"]
    return next(str(one["id"]) for one in keys if one["livemode"] is live)


def deeds(merchant: Merchant) -> list[dict[str, Any]]:
    lines = merchant.get("/audit-log", live=False).json["data"]
    return [line for line in lines if line["actor"].startswith("operator:")]


def test_a_revoked_live_key_works_no_more_and_a_test_key_makes_the_next(
    app: Flask, merchant: Merchant
) -> None:
    key_id = key_of(merchant, live=True)
    result = revoke(app, key_id)
    told = f"Revoked: the live key 'Live' of {merchant.tenant_id}.\n"
    assert (result.exit_code, result.output) == (0, told)
    refusal(merchant.get("/payments"), 401, "not_authenticated")
    (deed,) = deeds(merchant)
    del deed["at"]
    assert deed == {
        "action": "key.revoked",
        "actor": "operator:Ann",
        "address": "console",
        "subject": key_id,
        "details": {"reason": "found in a public repository"},
    }
    made = merchant.post("/api-keys", {"name": "Next", "livemode": True}, live=False)
    assert made.status_code == 201


def test_only_the_named_key_is_revoked(app: Flask, merchant: Merchant, rival: Merchant) -> None:
    revoke(app, key_of(merchant, live=True))
    assert merchant.get("/payments", live=False).status_code == 200
    assert rival.get("/payments").status_code == 200
    assert deeds(rival) == []


def test_revoking_twice_is_revoking_once(app: Flask, merchant: Merchant) -> None:
    key_id = key_of(merchant, live=True)
    revoke(app, key_id)
    again = revoke(app, key_id)
    assert (again.exit_code, again.output) == (0, "Nothing to do: it is revoked already.\n")
    assert len(deeds(merchant)) == 1


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
