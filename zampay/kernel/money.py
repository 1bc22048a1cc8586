"""Money as whole minor units (ngwee, cents) with its currency; never a float.

Exponents are those of ISO 4217: ZMW (967) and EUR (978) have two decimals.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

EXPONENTS = {"ZMW": 2, "EUR": 2}
MAX_WHOLE_DIGITS = 10
_DECIMAL = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]{1,2})?")


_GROUPED = re.compile(r"[0-9][,' _\u00a0\u2009\u202f\u2019][0-9]")


class NotMoney(ValueError):
    """The text is not a positive amount in a currency we know."""


@dataclass(frozen=True, slots=True)
class Money:
    """A positive amount: `amount_minor` in the smallest unit of `currency` (ISO 4217 code)."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        """Refuse what can never be a payment, wherever the amount came from."""
        assert self.amount_minor > 0, "an amount is positive"
        assert self.currency in EXPONENTS, "a currency we know"

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """`("12.50", "ZMW")` → 1250 ngwee.

        Raises:
            NotMoney: sign, exponent, grouping, spaces, more decimals than the currency has, zero,
                more than ten whole digits, or a currency we do not know.
        """
        if currency not in EXPONENTS:
            raise NotMoney(f'{currency} is not a currency we take: send "ZMW", or leave it out')
        if not _DECIMAL.fullmatch(text) or len(text.partition(".")[0]) > MAX_WHOLE_DIGITS:
            raise NotMoney(_objection(text))
        amount_minor = int(Decimal(text).scaleb(EXPONENTS[currency]))
        if amount_minor == 0:
            raise NotMoney("must be more than zero")
        return cls(amount_minor, currency)

    def __str__(self) -> str:
        """`12.50`: always with the currency's full decimals."""
        exponent = EXPONENTS[self.currency]
        return f"{Decimal(self.amount_minor).scaleb(-exponent):.{exponent}f}"

    def shortest(self) -> str:
        """`12.50` or `100`: whole amounts without decimals, as networks show them."""
        text = str(self)
        return text.removesuffix("." + "0" * EXPONENTS[self.currency])

    def equals(self, amount: str, currency: str) -> bool:
        """Whether a network's own figures say the same: `"12.5"` equals `"12.50"`."""
        try:
            same = Decimal(amount) == Decimal(str(self))
        except InvalidOperation:
            return False
        return same and currency == self.currency


def _objection(text: str) -> str:
    if _GROUPED.search(text):
        return (
            "must have a point before the decimals and nothing between thousands: "
            "write 12.50 or 1000.00"
        )
    if _DECIMAL.fullmatch(text):
        return f"must have at most {MAX_WHOLE_DIGITS} digits before the point"
    return "must be digits such as 12.50 or 100 and nothing else, with at most two decimals"
