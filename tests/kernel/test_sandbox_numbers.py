"""The table of test numbers: published suffixes everywhere, our own under Zambian prefixes only."""

import pytest

from zampay.kernel.sandbox_numbers import OURS, PUBLISHED, ZAMBIAN_PREFIXES, Ending, ending


@pytest.mark.parametrize("prefix", ["467331234", "2609631234", "2609731234", "2609531234"])
@pytest.mark.parametrize(
    ("suffix", "expected"),
    [
        ("50", Ending.FAILED),
        ("51", Ending.REJECTED),
        ("52", Ending.EXPIRED),
        ("53", Ending.ONGOING),
        ("54", Ending.DELAYED),
        ("55", Ending.PAYER_NOT_FOUND),
        ("62", Ending.SERVICE_UNAVAILABLE),
        ("64", Ending.TRANSFER_TYPE_UNKNOWN),
    ],
)
def test_a_published_suffix_ends_alike_under_every_prefix(
    prefix: str, suffix: str, expected: Ending
) -> None:
    assert ending(prefix + suffix) is expected


def test_the_published_suffixes_are_50_to_64_and_ours_70_to_75() -> None:
    assert sorted(PUBLISHED) == [str(number) for number in range(50, 65)]
    assert sorted(OURS) == [str(number) for number in range(70, 76)]


@pytest.mark.parametrize("suffix", sorted(OURS))
def test_our_own_suffixes_count_under_zambian_prefixes_only(suffix: str) -> None:
    assert [ending(prefix + suffix) for prefix in ZAMBIAN_PREFIXES] == [OURS[suffix]] * 3
    assert ending("467331234" + suffix) is None


def test_every_ending_has_exactly_one_suffix() -> None:
    assert sorted(e.name for e in Ending) == sorted(
        e.name for e in (*PUBLISHED.values(), *OURS.values())
    )


@pytest.mark.parametrize(
    "msisdn",
    ["260961111150", "260963123449", "260963123465", "26096312345", "2609631234500", "50", ""],
)
def test_any_other_number_simply_pays(msisdn: str) -> None:
    assert ending(msisdn) is None
