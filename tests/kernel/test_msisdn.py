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


PASTED = {
    "blanks": " 096 312 3400  ",
    "no leading zero, as a spreadsheet leaves it": "963123400",
    "no-break spaces": "+260\u00a096\u00a0312\u00a03400",
    "narrow and thin spaces": "096\u202f312\u20093400",
    "embedding marks of a phone's address book": "\u202a+260963123400\u202c",
    "isolates": "\u2066+260 96 312 3400\u2069",
    "a left-to-right mark": "\u200e0963123400\u200e",
    "a zero-width space": "0963\u200b123400",
    "a byte order mark": "\ufeff0963123400",
    "a soft hyphen": "0963\u00ad123400",
    "no-break hyphens": "096\u2011312\u20113400",
    "dashes of text": "096\u2013312\u20143400",
    "a minus": "096\u22123123400",
    "brackets round the prefix": "(096) 312-3400",
    "brackets round the country": "(+260) 96 312 3400",
    "brackets round the zero": "+260 (0) 96 312 3400",
    "brackets without blanks": "+260(0)963123400",
    "dots": "096.312.3400",
    "the end of a sentence": "0963123400.",
    "dialled abroad": "00260 96 312 3400",
    "a plus apart": "+ 260 963123400",
}


@pytest.mark.parametrize("text", PASTED.values(), ids=PASTED)
def test_a_number_is_taken_as_people_paste_it(text: str) -> None:
    assert parse(text) == "260963123400"


ACCIDENTS = {
    "a decimal fraction": "0.963123400",
    "a decimal of a spreadsheet": "96312340.0",
    "an exponent": "9.63123400E8",
    "a sign": "-0963123400",
    "a dash at the end": "0963123400-",
    "a plus before the zero": "+0963123400",
    "a plus before both zeros": "+00260963123400",
    "two pluses": "++260963123400",
    "a plus within": "260+963123400",
    "zeros for no country": "00963123400",
    "a bracket that is not closed": "(096 3123400",
    "a bracket that was not opened": "096) 3123400",
    "brackets in brackets": "((096)) 3123400",
    "all of it in brackets": "(0963123400)",
    "two numbers": "0963123400 0963123451",
    "two numbers with a slash": "0963123400/451",
    "a letter in a blank's place": "096x3123400",
    "a tab": "096\t3123400",
    "digits of another script": "\u0660\u0669\u0666\u0663\u0661\u0662\u0663\u0664\u0660\u0660",
    "superscripts": "096312340\u2070",
    "another country dialled": "0027831234567",
    "another country in brackets": "(+27) 83 123 4567",
    "only brackets": "()",
    "only what cannot be seen": "\u200b\u200e",
    "blanks without end": "0963123400" + " " * 500,
}


@pytest.mark.parametrize("text", ACCIDENTS.values(), ids=ACCIDENTS)
def test_nothing_becomes_a_number_by_accident(text: str) -> None:
    with pytest.raises(NotMobileNumber):
        parse(text)


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
