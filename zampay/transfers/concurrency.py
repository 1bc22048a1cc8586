"""How many calls of one stream this process has under way, and for whom.

A merchant may take a slot while fewer than the free ones are theirs: alone they get half, and
however many are busy, one who comes new finds room. While a network does not answer, calls pause,
so that transfers keep their turn instead of spending it; one call at a time tries if it is back.
"""

import threading
from collections import Counter

from zampay.kernel import clock

TROUBLE_AFTER = 10
"""So many calls without an answer of the network, one after the other, start a pause."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 10.0


class Slots:
    """The slots of one stream; safe to share between threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self._unanswered = 0
        self._pauses = 0
        self._is_by_others = False
        self._paused_at_s = self._paused_until_s = 0.0

    @property
    def free(self) -> int:
        """How many calls may begin now."""
        with self._lock:
            return self._free()

    @property
    def is_paused(self) -> bool:
        """Whether the network has been found not to answer, and not yet to answer again."""
        with self._lock:
            return self._pauses > 0

    def may_take(self, tenant_id: str) -> bool:
        """Whether there is a slot for this merchant now."""
        with self._lock:
            return self._may_take(tenant_id)

    def take(self, tenant_id: str) -> bool:
        """Take a slot, if there is one for this merchant."""
        with self._lock:
            if not self._may_take(tenant_id):
                return False
            self._held[tenant_id] += 1
            return True

    def give_back(self, tenant_id: str) -> None:
        """Free a slot that was taken."""
        with self._lock:
            self._held[tenant_id] -= 1
            self._held += Counter()  # forget those who have none left

    def follow_others(self, *, in_trouble: bool) -> None:
        """Pause, or go on, because others have found the network not to answer, or to do so again.
        What calls of this process have found, only they take back.
        """
        with self._lock:
            if in_trouble and not self._pauses:
                self._is_by_others = True
                self._pause()
            elif not in_trouble and self._is_by_others:
                self._is_by_others = False
                self._pauses = 0

    def note(self, *, answered: bool, began_s: float) -> None:
        """Note whether the network answered a call that began then (monotonic seconds). What began
        before a pause and stayed unanswered tells nothing new.
        """
        with self._lock:
            if answered:
                self._unanswered = self._pauses = 0
                self._is_by_others = False
            elif began_s >= self._paused_at_s:
                self._unanswered += 1
                self._is_by_others &= self._unanswered < TROUBLE_AFTER
                if self._pauses or self._unanswered >= TROUBLE_AFTER:
                    self._pause()

    def _pause(self) -> None:
        self._paused_at_s = clock.monotonic_s()
        pause_s = min(FIRST_PAUSE_S * 2.0 ** min(self._pauses, 10), LONGEST_PAUSE_S)
        self._paused_until_s = self._paused_at_s + pause_s
        self._pauses += 1

    def _may_take(self, tenant_id: str) -> bool:
        return self._free() > (0 if self._pauses else self._held[tenant_id])

    def _free(self) -> int:
        if not self._pauses:
            return self._size - self._held.total()
        if clock.monotonic_s() < self._paused_until_s:
            return 0
        return 0 if self._held else 1
