"""Delays: they grow up to a ceiling, and a crowd does not wake as one."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zampay.kernel import backoff

STEPS = [timedelta(seconds=seconds) for seconds in (2, 10, 60)]
attempts = st.integers(min_value=1, max_value=10_000)


@given(attempts)
def test_an_exponential_delay_doubles_to_its_ceiling_within_a_fifth(attempt: int) -> None:
    delay_s = backoff.exponential(attempt, first_s=2, ceiling_s=120).total_seconds()
    middle_s = min(2.0**attempt, 120.0) if attempt < 20 else 120.0
    assert 0.8 * middle_s - 1e-5 <= delay_s <= 1.2 * middle_s + 1e-5


@given(attempts)
def test_a_schedule_is_followed_and_its_last_step_repeats(attempt: int) -> None:
    middle_s = STEPS[min(attempt, 3) - 1].total_seconds()
    delay_s = backoff.scheduled(attempt, STEPS).total_seconds()
    assert 0.8 * middle_s - 1e-5 <= delay_s <= 1.2 * middle_s + 1e-5


def test_a_crowd_is_spread_over_the_whole_two_fifths() -> None:
    delays_s = [backoff.jittered(timedelta(seconds=100)).total_seconds() for _ in range(2000)]
    assert min(delays_s) < 82
    assert max(delays_s) > 118
    assert len(set(delays_s)) > 1900


@pytest.mark.parametrize("attempt", [0, -1])
def test_attempts_count_from_one(attempt: int) -> None:
    with pytest.raises(AssertionError):
        backoff.exponential(attempt, first_s=1, ceiling_s=2)
    with pytest.raises(AssertionError):
        backoff.scheduled(attempt, STEPS)
