"""Answer times that are spread as those of real networks are."""

import statistics
from dataclasses import replace

import pytest

from tests.simulators.core.networks import Settings
from zampay.simulators.core.answer_times import AnswerTimes


def test_answers_take_the_median_and_the_99th_percentile_of_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    times = AnswerTimes(replace(Settings(), answer_s=0.12, answer_p99_s=0.38))
    for _ in range(5000):
        times.wait()
    assert statistics.median(waits) == pytest.approx(0.12, rel=0.05)
    assert statistics.quantiles(waits, n=100)[-1] == pytest.approx(0.38, rel=0.1)


def test_without_a_setting_answers_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("time.sleep", waits.append)
    AnswerTimes(Settings()).wait()
    assert waits == []
