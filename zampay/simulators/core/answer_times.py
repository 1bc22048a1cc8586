"""How long a network takes to answer: times that are spread as those of real networks are."""

import math
import random
import threading
import time

from zampay.simulators.core.settings import Settings

_QUANTILE_99 = 2.326
"""Of the standard normal distribution: 99 % lie below it."""


class AnswerTimes:
    """Log-normal times, by the median and the 99th percentile of the settings; 0 waits never."""

    def __init__(self, settings: Settings) -> None:
        self._median_s = settings.answer_s
        slowest_s = max(settings.answer_p99_s, settings.answer_s)
        self._spread = (
            math.log(slowest_s / settings.answer_s) / _QUANTILE_99 if settings.answer_s else 0.0
        )
        self._chance = random.Random(settings.seed)
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Take the time of one answer."""
        if self._median_s:
            with self._lock:
                wait_s = self._chance.lognormvariate(math.log(self._median_s), self._spread)
            time.sleep(wait_s)
