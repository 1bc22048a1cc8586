"""The body of a request to pay, field by field; anything else than MTN's shape is an empty 400."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from flask import request

from zampay.simulators.mtn.answers import Refused, empty, platform_error

NOTE_LENGTH = 128
NOTE = re.compile(r"[A-Za-z0-9 .,_-]*")
AMOUNT = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,2})?")
PARTY_TYPES = ("MSISDN", "EMAIL", "PARTY_CODE")


@dataclass(frozen=True, kw_only=True)
class RequestToPay:
    """A well-formed request to pay."""

    amount: Decimal
    currency: str
    external_id: str
    payer: dict[str, str]
    payer_message: str
    payee_note: str


def json_object() -> dict[str, Any]:
    """The request's body, which is a JSON object and says so, or an empty 400."""
    if request.mimetype != "application/json":
        _refuse()
    content = request.get_json(silent=True)
    return content if isinstance(content, dict) else _refuse()


def request_to_pay(currency: str) -> RequestToPay:
    """The request's body; `currency` is the only one that this environment takes."""
    given = json_object()
    amount = _text(given, "amount", lambda text: AMOUNT.fullmatch(text) and Decimal(text) > 0)
    wanted = _text(given, "currency", lambda text: re.fullmatch("[A-Z]{3}", text))
    body = RequestToPay(
        amount=Decimal(amount),
        currency=wanted,
        external_id=_text(given, "externalId", lambda text: re.fullmatch(r"[^\s\x00]+", text)),
        payer=_payer(given.get("payer")),
        payer_message=_note(given, "payerMessage"),
        payee_note=_note(given, "payeeNote"),
    )
    if wanted != currency:
        raise Refused(platform_error(500, "INVALID_CURRENCY"))
    return body


def _payer(given: object) -> dict[str, str]:
    if not isinstance(given, dict):
        _refuse()
    kind = _text(given, "partyIdType", lambda text: text in PARTY_TYPES)
    shape = "[1-9][0-9]{4,14}" if kind == "MSISDN" else r"\S+"
    party = _text(given, "partyId", lambda text: re.fullmatch(shape, text))
    return {"partyIdType": kind, "partyId": party}


def _note(given: dict[str, Any], name: str) -> str:
    """A note may be empty, but is never missing, null, long or with special characters."""
    return _text(given, name, lambda text: len(text) <= NOTE_LENGTH and NOTE.fullmatch(text))


def _text(given: dict[str, Any], name: str, good: Callable[[str], object]) -> str:
    value = given.get(name)
    return value if isinstance(value, str) and good(value) else _refuse()


def _refuse() -> NoReturn:
    raise Refused(empty(400))
