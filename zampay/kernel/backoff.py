"""Attempt → delay: pure schedules with jitter, so that a thousand rows do not wake as one."""

import random
from collections.abc import Sequence
from datetime import timedelta

JITTER = 0.2  # a fifth to either side


def exponential(attempt: int, *, first_s: float, ceiling_s: float) -> timedelta:
    """The delay before attempt number `attempt` + 1 (attempts count from 1): doubles up to a
    ceiling, with jitter.
    """
    assert attempt >= 1, "attempts count from one"
    doublings = min(attempt - 1, 30)
    return jittered(timedelta(seconds=min(first_s * 2**doublings, ceiling_s)))


def scheduled(attempt: int, steps: Sequence[timedelta]) -> timedelta:
    """The delay after `attempt` (from 1) on a written schedule, whose last step repeats."""
    assert attempt >= 1, "attempts count from one"
    return jittered(steps[min(attempt, len(steps)) - 1])


def jittered(delay: timedelta) -> timedelta:
    """The delay, moved by up to a fifth to either side."""
    return delay * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreading, no secret
