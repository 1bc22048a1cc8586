"""Money: whole minor units, read strictly, compared exactly."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zampay.kernel.money import EXPONENTS, Money, NotMoney

currencies = st.sampled_from(sorted(EXPONENTS))
amounts_minor = st.integers(min_value=1, max_value=10**12 - 1)


@given(amounts_minor, currencies)
def test_an_amount_written_and_read_again_is_the_same(amount_minor: int, currency: str) -> None:
    money = Money(amount_minor, currency)
    assert Money.parse(str(money), currency) == money
    assert Money.parse(money.shortest(), currency) == money


@given(amounts_minor, currencies)
def test_what_is_written_has_two_decimals_and_the_shortest_has_them_only_if_needed(
    amount_minor: int, currency: str
) -> None:
    money = Money(amount_minor, currency)
    whole, _, decimals = str(money).partition(".")
    assert (int(whole) * 100 + int(decimals), len(decimals)) == (amount_minor, 2)
    assert ("." in money.shortest()) == (amount_minor % 100 != 0)


@pytest.mark.parametrize(
    ("text", "amount_minor"),
    [("12.50", 1250), ("12.5", 1250), ("12", 1200), ("0.01", 1), ("9999999999.99", 10**12 - 1)],
)
def test_decimal_strings_are_read_as_ngwee(text: str, amount_minor: int) -> None:
    assert Money.parse(text, "ZMW").amount_minor == amount_minor


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "0", "0.00", "-1", "+1", "1e3", "1E3", "NaN", "Infinity", "12.505", "12."],
        *[".5", "1,000", "1 000", " 1", "1\n", "01", "1_0", "0x1", "१२", "10000000000"],
    ],
)
def test_anything_else_is_no_money(text: str) -> None:
    with pytest.raises(NotMoney):
        Money.parse(text, "ZMW")


@given(st.text(max_size=20))
@example("9" * 5000)
def test_no_text_does_anything_but_be_money_or_not(text: str) -> None:
    with contextlib.suppress(NotMoney):
        assert Money.parse(text, "ZMW").amount_minor > 0


@pytest.mark.parametrize("currency", ["USD", "zmw", "", "ZMW "])
def test_a_currency_that_we_do_not_know_is_refused(currency: str) -> None:
    with pytest.raises(NotMoney):
        Money.parse("1", currency)
    with pytest.raises(AssertionError):
        Money(1, currency)


@pytest.mark.parametrize("amount_minor", [0, -1])
def test_money_that_is_no_amount_cannot_be_made(amount_minor: int) -> None:
    with pytest.raises(AssertionError):
        Money(amount_minor, "ZMW")


@given(amounts_minor, st.integers(min_value=0, max_value=6))
def test_trailing_zeros_are_the_same_amount(amount_minor: int, zeros: int) -> None:
    money = Money(amount_minor, "ZMW")
    assert money.equals(str(money) + "0" * zeros, "ZMW")
    assert money.equals(f"{Decimal(str(money)).normalize():e}", "ZMW")


@given(amounts_minor, amounts_minor)
def test_amounts_are_equal_exactly_if_their_ngwee_are(one: int, other: int) -> None:
    assert Money(one, "ZMW").equals(str(Money(other, "ZMW")), "ZMW") == (one == other)


@given(amounts_minor, st.text(max_size=130))
@example(1250, "9e999999")
@example(1250, "-9e999999999999999999")
@example(1250, "sNaN")
@example(1250, "12.50" + "0" * 40 + "1")
def test_whatever_a_network_writes_can_be_compared(amount_minor: int, text: str) -> None:
    same = Money(amount_minor, "ZMW").equals(text, "ZMW")
    assert not same or Decimal(text) * 100 == amount_minor


def test_the_same_figure_in_another_currency_is_another_amount() -> None:
    assert not Money(1250, "ZMW").equals("12.50", "EUR")
