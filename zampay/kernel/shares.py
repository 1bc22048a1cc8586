"""So many things at once in one process, and so many for one holder: a few that hang must not take
the threads that others need.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Shares:
    """What one process does at once; safe to share between threads."""

    def __init__(self, *, at_once: int, per_holder: int) -> None:
        self._at_once, self._per_holder = at_once, per_holder
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()

    @contextmanager
    def take(self, holder: str) -> Iterator[bool]:
        """Whether there was a share for this holder; it is held during the block."""
        taken = self._take(holder)
        try:
            yield taken
        finally:
            if taken:
                self._give_back(holder)

    def _take(self, holder: str) -> bool:
        with self._lock:
            if self._held[holder] >= self._per_holder or self._held.total() >= self._at_once:
                return False
            self._held[holder] += 1
            return True

    def _give_back(self, holder: str) -> None:
        with self._lock:
            self._held[holder] -= 1
            self._held += Counter()  # forget those who hold none
