"""The bodies of the requests that move money, field by field."""

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
EXTERNAL_ID = re.compile(r"[^\s\x00]+")
PARTY_TYPES = ("MSISDN", "EMAIL", "PARTY_CODE")


@dataclass(frozen=True, kw_only=True)
class Order:
    """A well-formed request that moves money.

    `subject` is the number of the other party, or what else is paid; `echoed` are the fields that
    an answer to a poll repeats.
    """

    amount: Decimal
    currency: str
    external_id: str
    subject: str
    echoed: dict[str, Any]


def with_party(role: str, currency: str) -> Order:
    """An order with a payer or a payee; `currency` is the only one this environment accepts."""
    given = json_object()
    amount, named = _money(given)
    external_id = text(given, "externalId", EXTERNAL_ID.fullmatch)
    party = _party(given.get(role), role)
    order = Order(
        amount=amount,
        currency=named,
        external_id=external_id,
        subject=party["partyId"],
        echoed={role: party, **_notes(given)},
    )
    return _in_currency(order, currency)


def refund(currency: str) -> Order:
    """An order without a party: the subject is the reference of the payment to refund."""
    given = json_object()
    amount, named = _money(given)
    order = Order(
        amount=amount,
        currency=named,
        external_id=text(given, "externalId", EXTERNAL_ID.fullmatch),
        subject=text(given, "referenceIdToRefund", EXTERNAL_ID.fullmatch).lower(),
        echoed=_notes(given),
    )
    return _in_currency(order, currency)


def bill(currency: str) -> Order:
    """A v2 payment; the subject is the customer's reference with whoever sent the bill."""
    given = json_object()
    money = given.get("money")
    if not isinstance(money, dict):
        raise Malformed("money")
    amount, named = _money(money)
    order = Order(
        amount=amount,
        currency=named,
        external_id=text(given, "externalTransactionId", EXTERNAL_ID.fullmatch),
        subject=text(given, "customerReference", EXTERNAL_ID.fullmatch),
        echoed={},
    )
    text(given, "serviceProviderUserName", EXTERNAL_ID.fullmatch)
    return _in_currency(order, currency)


def _money(given: dict[str, Any]) -> tuple[Decimal, str]:
    amount = text(given, "amount", lambda value: AMOUNT.fullmatch(value) and Decimal(value) > 0)
    currency = text(given, "currency", lambda value: re.fullmatch("[A-Z]{3}", value))
    return Decimal(amount), currency


def _in_currency(order: Order, currency: str) -> Order:
    if order.currency != currency:
        raise Refused(platform_error(500, "INVALID_CURRENCY"))
    return order


def _notes(given: dict[str, Any]) -> dict[str, str]:
    return {name: _note(given, name) for name in ("payerMessage", "payeeNote")}


def _party(given: object, role: str) -> dict[str, str]:
    if not isinstance(given, dict):
        raise Malformed(role)
    kind = text(given, "partyIdType", lambda value: value in PARTY_TYPES)
    shape = "[1-9][0-9]{4,14}" if kind == "MSISDN" else r"\S+"
    party = text(given, "partyId", lambda value: re.fullmatch(shape, value))
    return {"partyIdType": kind, "partyId": party}


def _note(given: dict[str, Any], name: str) -> str:
    """A note may be empty, but not missing, null, long or with special characters."""
    return text(given, name, lambda value: len(value) <= NOTE_LENGTH and NOTE.fullmatch(value))
