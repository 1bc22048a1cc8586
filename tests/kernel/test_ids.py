"""Ids: prefixed, in the order of time, unguessable; secrets: pure chance."""

import string
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zampay.kernel import clock, ids

prefixes = st.text(string.ascii_lowercase, min_size=3, max_size=4)


@given(prefixes)
def test_a_new_id_has_the_form_of_its_prefix_and_of_no_other(prefix: str) -> None:
    made = ids.new(prefix)
    assert ids.is_id(prefix, made)
    assert not ids.is_id(prefix + "x", made)
    assert len(made) == len(prefix) + 27


def test_ten_thousand_ids_are_ten_thousand() -> None:
    assert len({ids.new("pay") for _ in range(10_000)}) == 10_000


def test_ids_sort_by_the_time_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime(2026, 1, 31, tzinfo=UTC)
    moments = [start + timedelta(milliseconds=step**3) for step in range(50)]
    made = []
    for moment in moments:
        monkeypatch.setattr(clock, "utcnow", lambda moment=moment: moment)
        made.append(ids.new("pay"))
    assert all(earlier < later for earlier, later in pairwise(made))


@pytest.mark.parametrize(
    "text",
    [
        *["", "pay", "pay_", "pay_" + "0" * 25, "pay_" + "0" * 27, "PAY_" + "0" * 26],
        *["pay_" + "u" * 26, "pay_" + "0" * 25 + "\n", "pay-" + "0" * 26, "pay__" + "0" * 25],
    ],
)
def test_what_only_looks_like_an_id_is_none(text: str) -> None:
    assert not ids.is_id("pay", text)


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    assert ids.is_id("pay", text) in {True, False}


@given(st.integers(min_value=1, max_value=64))
def test_a_secret_has_its_length_and_our_letters(characters: int) -> None:
    made = ids.secret(characters)
    assert len(made) == characters
    assert set(made) <= set(ids.ALPHABET)


def test_secrets_use_every_letter_about_as_often() -> None:
    drawn = ids.secret(32_000)
    assert all(800 < drawn.count(letter) < 1200 for letter in ids.ALPHABET)
