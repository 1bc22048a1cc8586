"""The one table of test numbers: the last two digits of a known number decide how it ends.

A network publishes the suffixes 50 to 64 under a foreign prefix; the same suffixes under the
three Zambian prefixes are their twins. The suffixes from 70 on are our own extension, for
endings that no published number gives. Any number outside the table simply pays. The sandbox and
the simulators both read this table, so that a number ends alike in test and on a simulator.
"""

from enum import Enum, auto
from types import MappingProxyType
from typing import Final


class Ending(Enum):
    """How a request to pay ends for a test number."""

    FAILED = auto()
    REJECTED = auto()
    EXPIRED = auto()
    ONGOING = auto()
    DELAYED = auto()
    PAYER_NOT_FOUND = auto()
    PAYEE_NOT_ALLOWED_TO_RECEIVE = auto()
    NOT_ALLOWED = auto()
    NOT_ALLOWED_TARGET_ENVIRONMENT = auto()
    INVALID_CALLBACK_URL_HOST = auto()
    INVALID_CURRENCY = auto()
    INTERNAL_PROCESSING_ERROR = auto()
    SERVICE_UNAVAILABLE = auto()
    COULD_NOT_PERFORM_TRANSACTION = auto()
    TRANSFER_TYPE_UNKNOWN = auto()

    NOT_ENOUGH_FUNDS = auto()
    PAYER_LIMIT_REACHED = auto()
    ANSWER_LOST_AFTER_CHARGE = auto()
    """The money moves and the connection is reset before the answer."""
    RESET_BEFORE_STORING = auto()
    """The first request with a reference is reset and not stored; a second one works."""
    ERROR_AFTER_CHARGE = auto()
    """The money moves and the answer is a server error that says nothing."""
    FIGURES_DIFFER = auto()
    """The money moves, and the network names another amount than was asked for."""


PUBLISHED_PREFIX: Final = "467331234"
ZAMBIAN_PREFIXES: Final = ("2609631234", "2609731234", "2609531234")

PUBLISHED: Final = MappingProxyType(
    {
        "50": Ending.FAILED,
        "51": Ending.REJECTED,
        "52": Ending.EXPIRED,
        "53": Ending.ONGOING,
        "54": Ending.DELAYED,
        "55": Ending.PAYER_NOT_FOUND,
        "56": Ending.PAYEE_NOT_ALLOWED_TO_RECEIVE,
        "57": Ending.NOT_ALLOWED,
        "58": Ending.NOT_ALLOWED_TARGET_ENVIRONMENT,
        "59": Ending.INVALID_CALLBACK_URL_HOST,
        "60": Ending.INVALID_CURRENCY,
        "61": Ending.INTERNAL_PROCESSING_ERROR,
        "62": Ending.SERVICE_UNAVAILABLE,
        "63": Ending.COULD_NOT_PERFORM_TRANSACTION,
        "64": Ending.TRANSFER_TYPE_UNKNOWN,
    }
)
"""Suffix to ending, as published for requests to pay; also under the Zambian prefixes."""

OURS: Final = MappingProxyType(
    {
        "70": Ending.NOT_ENOUGH_FUNDS,
        "71": Ending.PAYER_LIMIT_REACHED,
        "72": Ending.ANSWER_LOST_AFTER_CHARGE,
        "73": Ending.RESET_BEFORE_STORING,
        "74": Ending.ERROR_AFTER_CHARGE,
        "75": Ending.FIGURES_DIFFER,
    }
)
"""Suffix to ending, published by nobody but us: under the Zambian prefixes only."""

FAILS: Final = frozenset(
    {
        Ending.FAILED,
        Ending.REJECTED,
        Ending.EXPIRED,
        Ending.PAYER_NOT_FOUND,
        Ending.PAYEE_NOT_ALLOWED_TO_RECEIVE,
        Ending.NOT_ALLOWED,
        Ending.INTERNAL_PROCESSING_ERROR,
        Ending.COULD_NOT_PERFORM_TRANSACTION,
        Ending.TRANSFER_TYPE_UNKNOWN,
        Ending.NOT_ENOUGH_FUNDS,
        Ending.PAYER_LIMIT_REACHED,
    }
)
"""Endings that the network names once it has the payment; each network has codes of its own."""

REFUSED: Final = frozenset(
    {
        Ending.NOT_ALLOWED_TARGET_ENVIRONMENT,
        Ending.INVALID_CALLBACK_URL_HOST,
        Ending.INVALID_CURRENCY,
    }
)
"""Endings with which the network refuses the request itself, for good: nothing is created."""

UNAVAILABLE: Final = frozenset({Ending.SERVICE_UNAVAILABLE})
"""The network does not take the request now; nothing is created, and it may be sent again."""


def zambian_suffix(msisdn: str) -> str | None:
    """The two digits after a Zambian test prefix, or None for any other number."""
    prefix, suffix = msisdn[:-2], msisdn[-2:]
    return suffix if prefix in ZAMBIAN_PREFIXES else None


def published_suffix(msisdn: str) -> str | None:
    """The two digits after the published foreign prefix, or None for any other number."""
    prefix, suffix = msisdn[:-2], msisdn[-2:]
    return suffix if prefix == PUBLISHED_PREFIX else None


def ending(msisdn: str) -> Ending | None:
    """How a request to pay by this number ends; None when it simply pays.

    `msisdn` is digits only, with the country code and without a plus sign.
    """
    twin = zambian_suffix(msisdn)
    if twin is not None:
        return PUBLISHED.get(twin) or OURS.get(twin)
    return PUBLISHED.get(published_suffix(msisdn) or "")
