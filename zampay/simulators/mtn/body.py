"""The body of a request to pay, field by field."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zampay.simulators.core.answers import Refused
from zampay.simulators.core.body import Malformed, json_object, text
from zampay.simulators.mtn.answers import platform_error

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


def request_to_pay(currency: str) -> RequestToPay:
    """The request's body; `currency` is the only one that this environment accepts."""
    given = json_object()
    amount = text(given, "amount", lambda value: AMOUNT.fullmatch(value) and Decimal(value) > 0)
    body = RequestToPay(
        amount=Decimal(amount),
        currency=text(given, "currency", lambda value: re.fullmatch("[A-Z]{3}", value)),
        external_id=text(given, "externalId", lambda value: re.fullmatch(r"[^\s\x00]+", value)),
        payer=_payer(given.get("payer")),
        payer_message=_note(given, "payerMessage"),
        payee_note=_note(given, "payeeNote"),
    )
    if body.currency != currency:
        raise Refused(platform_error(500, "INVALID_CURRENCY"))
    return body


def _payer(given: object) -> dict[str, str]:
    if not isinstance(given, dict):
        raise Malformed("payer")
    kind = text(given, "partyIdType", lambda value: value in PARTY_TYPES)
    shape = "[1-9][0-9]{4,14}" if kind == "MSISDN" else r"\S+"
    party = text(given, "partyId", lambda value: re.fullmatch(shape, value))
    return {"partyIdType": kind, "partyId": party}


def _note(given: dict[str, Any], name: str) -> str:
    """A note may be empty, but not missing, null, long or with special characters."""
    return text(given, name, lambda value: len(value) <= NOTE_LENGTH and NOTE.fullmatch(value))
