"""The clock: aware times, RFC 3339, durations that never run backwards."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zampay.kernel import clock

zones = st.integers(min_value=-12 * 60, max_value=14 * 60).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)
moments = st.datetimes(
    min_value=datetime(2000, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - as above
    timezones=zones,
)


def test_the_time_of_this_host_is_aware_and_in_utc() -> None:
    assert clock.utcnow().utcoffset() == timedelta(0)
    assert abs(clock.utcnow().timestamp() - time.time()) < 1


def test_durations_never_run_backwards() -> None:
    assert clock.monotonic_s() <= clock.monotonic_s()


@given(moments)
def test_a_moment_is_written_in_utc_with_milliseconds_whatever_its_zone(moment: datetime) -> None:
    text = clock.rfc3339(moment)
    assert len(text) == len("2026-01-31T12:00:00.000Z")
    read = datetime.fromisoformat(text)
    assert timedelta(0) <= moment - read < timedelta(milliseconds=1)


def test_an_example_is_written_as_documented() -> None:
    moment = datetime(2026, 1, 31, 14, 0, 0, 500, tzinfo=timezone(timedelta(hours=2)))
    assert clock.rfc3339(moment) == "2026-01-31T12:00:00.000Z"


def test_waiting_goes_through_the_same_module(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    clock.sleep(1.5)
    assert waited == [1.5]
    assert clock.utcnow().tzinfo is UTC
