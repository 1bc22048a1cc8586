"""Phone numbers: as people write them in, twelve digits out, everything else refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zampay.kernel import msisdn
from zampay.kernel.msisdn import NotMobileNumber, masked, parse

PREFIXES = ["96", "76", "56", "97", "77", "57", "95", "75", "55"]
subscribers = st.integers(min_value=0, max_value=9_999_999).map("{:07}".format)


@given(st.sampled_from(PREFIXES), subscribers)
def test_every_way_to_write_a_number_gives_the_same_twelve_digits(
    prefix: str, subscriber: str
) -> None:
    national = prefix + subscriber
    ways = [f"0{national}", f"260{national}", f"+260{national}", f"+260 {prefix} {subscriber}"]
    ways += [f"0{prefix}-{subscriber[:3]}-{subscriber[3:]}", f"00260{national}"]
    ways += [f"+260 (0){national}"]
    expected = f"260{national}"
    assert [parse(way) for way in ways] == [expected] * 7


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0211123456",  # a landline in Lusaka
        "+260211123456",
        "096312340",
        "09631234000",
        "26096312340",
        "2609631234000",
        "+27831234567",
        "+46733999950",
        "0963I23400",
        "０９６３１２３４００",  # noqa: RUF001 - full-width digits are the point
        "0963123400;ext=1",
        "tel:0963123400",
        "0963123400\n",
        "+",
        "-------",
        "980",
    ],
)
def test_anything_else_is_no_mobile_number(text: str) -> None:
    with pytest.raises(NotMobileNumber):
        parse(text)


@pytest.mark.parametrize("text", ["", "0963I23400", "+999999999"])
def test_the_number_that_a_refusal_shows_is_a_test_number(text: str) -> None:
    with pytest.raises(NotMobileNumber, match="such as 0963123400 or 260963123400"):
        parse(text)


@given(st.text(max_size=30))
def test_no_text_does_anything_but_be_a_number_or_not(text: str) -> None:
    try:
        found = parse(text)
    except NotMobileNumber:
        return
    assert found.isdigit()
    assert len(found) in {11, 12}


@pytest.mark.parametrize("suffix", range(50, 65))
def test_published_test_numbers_are_taken_as_they_are(suffix: int) -> None:
    assert parse(f"467331234{suffix}") == f"467331234{suffix}"
    assert parse(f"+467331234{suffix}") == f"467331234{suffix}"


def test_a_masked_number_hides_the_middle() -> None:
    assert masked("260963123450") == "26096•••3450"


def test_the_region_is_zambia() -> None:
    assert msisdn.REGION == "ZM"
