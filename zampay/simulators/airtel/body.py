"""The body of a push, field by field."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import request

from zampay.simulators.airtel.answers import refused
from zampay.simulators.core.answers import Refused
from zampay.simulators.core.body import Malformed, text

REFERENCE = re.compile(r"[A-Za-z0-9]{4,64}")
LONGEST_REFERENCE = 24
ID = re.compile(r"[A-Za-z0-9]{4,64}")
LONGEST_ID = 25
MSISDN_LENGTH = 9
DECIMALS = 2
COUNTRY, CURRENCY = "ZM", "ZMW"


@dataclass(frozen=True, kw_only=True)
class Push:
    """A well-formed request to push a prompt to a phone."""

    reference: str
    msisdn: str
    amount: Decimal
    id: str


def push() -> Push:
    """The request's body."""
    given = _json()
    subscriber, transaction = _inner(given, "subscriber"), _inner(given, "transaction")
    reference = text(given, "reference", REFERENCE.fullmatch)
    wanted = Push(
        reference=reference,
        msisdn=_msisdn(subscriber),
        amount=_amount(transaction),
        id=text(transaction, "id", ID.fullmatch),
    )
    for place in (subscriber, transaction):
        if place.get("country", COUNTRY) != COUNTRY:
            raise Refused(refused(None, result="ESB000034"))
        if place.get("currency", CURRENCY) != CURRENCY:
            raise Refused(refused(None, result="ESB000035"))
    if len(reference) > LONGEST_REFERENCE or len(wanted.id) > LONGEST_ID:
        # Seen in Zambia's production for 32 hexadecimal digits; nothing says why.
        raise Refused(refused("DP00800001005", http=500, message="Something Went Wrong"))
    return wanted


def _json() -> dict[str, Any]:
    """The body as JSON, in which an amount keeps the digits that it was written with."""
    if request.mimetype != "application/json":
        raise Malformed("Content-Type")
    try:
        found = json.loads(request.get_data(), parse_float=Decimal)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Malformed("body")
    return found


def _inner(given: dict[str, Any], name: str) -> dict[str, Any]:
    found = given.get(name)
    if not isinstance(found, dict):
        raise Malformed(name)
    return found


def _msisdn(subscriber: dict[str, Any]) -> str:
    """Nine digits, without the country's code and without a zero before them."""
    found = text(subscriber, "msisdn", str.isdecimal)
    if len(found) != MSISDN_LENGTH or found.startswith("0"):
        raise Refused(refused(None, result="ESB000033"))
    return found


def _amount(transaction: dict[str, Any]) -> Decimal:
    """A JSON number above zero with at most two decimals."""
    found = transaction.get("amount")
    if isinstance(found, int) and not isinstance(found, bool):
        found = Decimal(found)
    if not isinstance(found, Decimal) or not found.is_finite() or found <= 0:
        raise Refused(refused("DP00800001004", result="ESB000008"))
    if found != round(found, DECIMALS):
        raise Refused(refused("DP00800001004", result="ESB000008"))
    return found
