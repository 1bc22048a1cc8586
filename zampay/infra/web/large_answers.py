"""How many large answers wait for slow readers at a time: each is kept in memory until it is read.

When there is no room, the one that has been waiting longest is given up for the new one, among
those of whom most wait: who does not read keeps nobody else from reading.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MOST = 32
GIVE_UP = "zampay.give_up"
"""In a request's scope: what ends its connection at once."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sent:
    whose: str | None
    give_up: Callable[[], None]


class LargeAnswers:
    """Those of one process, the longest first; used from its event loop only."""

    def __init__(self) -> None:
        self._under_way: dict[_Sent, None] = {}

    @contextmanager
    def one(self, *, whose: str | None, give_up: Callable[[], None]) -> Iterator[None]:
        """Around the sending of one; `give_up` makes what is sent go nowhere."""
        if len(self._under_way) >= MOST:
            self._make_room()
        sent = _Sent(whose, give_up)
        self._under_way[sent] = None
        try:
            yield
        finally:
            self._under_way.pop(sent, None)

    def _make_room(self) -> None:
        most, _ = Counter(one.whose for one in self._under_way).most_common(1)[0]
        longest = next(one for one in self._under_way if one.whose == most)
        del self._under_way[longest]
        longest.give_up()
