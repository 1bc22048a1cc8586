"""Whoever signs for money is named in words that can be read, and is one person however written."""

import pytest

from zampay.kernel import words

MARY = [
    "Mary",
    "mary",
    " MARY ",
    "Ma\u200bry",
    "\uff2dary",
    "M\u00e1ry",
    "Ma ry",
    "Mary.",
    "Ma\ufe0fry",
]


@pytest.mark.parametrize("written", MARY)
def test_one_person_is_one_however_the_name_is_written(written: str) -> None:
    assert words.comparable(written) == "mary"


@pytest.mark.parametrize(
    "nobody", ["", " ", "\u200b", "\u3164", "\u115f", "\u2800", "-", "...", "\t"]
)
def test_what_has_no_letter_is_no_name(nobody: str) -> None:
    assert words.comparable(nobody) == ""


def test_two_names_stay_two() -> None:
    assert (
        len({words.comparable(name) for name in ("Mary", "Marie", "Joe", "Mary B.", "马丽")}) == 5
    )


@pytest.mark.parametrize(
    ("written", "tidy"),
    [
        ("  Ann   Banda ", "Ann Banda"),
        ("Ann\u00a0Banda", "Ann Banda"),
        ("\uff21nn", "Ann"),
        ("Jose\u0301", "José"),
        ("statement of 31 January, line 4", "statement of 31 January, line 4"),
    ],
)
def test_a_text_has_one_form(written: str, tidy: str) -> None:
    assert words.plain(written, longest=50) == tidy


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "real words"),
        (" ", "real words"),
        ("...", "real words"),
        ("Ma\u200bry", "cannot be seen"),
        ("Ma\u00adry", "cannot be seen"),
        ("Mary\u202e", "cannot be seen"),
        ("Mary\n", "cannot be seen"),
        ("Ma\x00ry", "cannot be seen"),
        ("\u3164", "cannot be seen"),
        ("Ma\ufe0fry", "cannot be seen"),
        ("Ma\udcffry", "cannot be seen"),
        ("M" * 51, "longer than 50"),
        ("\ufdfa" * 10, "longer than 50"),
    ],
)
def test_what_is_no_plain_text_is_refused_with_the_reason(written: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        words.plain(written, longest=50)
