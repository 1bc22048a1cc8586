"""The wallet's balance, who has a number, and the key for signed messages."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, request

from zampay.simulators.airtel import answers, endings, strictness
from zampay.simulators.airtel.body import CURRENCY, MSISDN_LENGTH
from zampay.simulators.airtel.network import here

blueprint = Blueprint("account", __name__)
KEY_LASTS = timedelta(days=30)


@blueprint.get("/standard/v1/users/balance")
@blueprint.get("/standard/v2/users/balance")
def balance() -> Response:
    """Text with separators of thousands; v2 asks for a type."""
    strictness.product_call("account")
    if "/v2/" in request.path and request.args.get("type") not in ("COLL", "DISB"):
        return answers.refused("DP02100000000", message="Missing or invalid parameter: type")
    held = f"{here().wallet.balance():,.2f}"
    data = {"balance": held, "currency": CURRENCY, "account_status": "Active"}
    return answers.accepted("DP02100000001", data)


@blueprint.get("/standard/v1/users/<msisdn>")
def user(msisdn: str) -> Response:
    """An invented person, the same for every number that has an account."""
    strictness.product_call("kyc")
    if len(msisdn) != MSISDN_LENGTH or not msisdn.isdecimal():
        return answers.refused(None, result="ESB000033")
    found = endings.account(f"260{msisdn}")
    if found == endings.NO_ACCOUNT:
        return answers.refused("DP02200000002", message="User not found")
    person = {
        "first_name": "Test",
        "last_name": "Payer",
        "msisdn": msisdn,
        "grade": "SUBS",
        "is_barred": found is not None,
        "is_pin_set": True,
        "registration": {"status": "SUCCESS"},
    }
    return answers.accepted("DP02200000001", person)


@blueprint.get("/v1/rsa/encryption-keys")
def encryption_keys() -> Response:
    """The key for signed messages, with the day until which it is valid."""
    strictness.product_call("collection")
    until = datetime.now(UTC) + KEY_LASTS
    key = {
        "key_id": 100,
        "key": here().credentials.public_key(),
        "valid_upto": f"{until:%d-%m-%Y %H:%M:%S}",
    }
    return answers.accepted("DP02010001001", key)
