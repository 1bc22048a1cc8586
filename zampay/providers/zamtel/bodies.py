"""Zamtel's bodies, read leniently: nothing they may contain raises.

Known irregularities: the code as `status` (text) or as `StatusCode` (a number); keys that come
twice, once with a space (`TransactionId` and `Transaction id`).
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from zampay.providers.zamtel import mapping

PAID: Final = "200"
_CODES: Final = ("status", "statuscode")
_SAYS_THE_SAME: Final = frozenset({"success"})
_SHOWN: Final = (*_CODES, "code", "orderstate", "message")
_NOT_IN_A_KEY = re.compile(r"[^a-z0-9]+")


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON with every key as often as it came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one answer says: each member's values, by its key in lower case without spaces."""

    members: dict[str, list[str]] = field(default_factory=dict)

    def first(self, name: str) -> str | None:
        """The member's first value."""
        return next(iter(self.members.get(name, [])), None)

    @property
    def code(self) -> str | None:
        """The code, if the answer has exactly one that we know: success, or a no. An answer that
        contradicts itself has none.
        """
        codes = {value for name in _CODES for value in self.members.get(name, [])}
        if mapping.SUCCESS in codes:
            others = {code.lower() for code in codes - {mapping.SUCCESS}}
            return mapping.SUCCESS if others <= _SAYS_THE_SAME else None
        return next(iter(codes)) if len(codes) == 1 and codes <= mapping.MEANINGS.keys() else None

    @property
    def strange(self) -> str:
        """The codes that we do not know; empty where there are none."""
        codes = {value for name in _CODES for value in self.members.get(name, [])}
        known = {mapping.SUCCESS, *mapping.DOUBT, *mapping.MEANINGS}
        return ", ".join(
            sorted(code for code in codes - known if code.lower() not in _SAYS_THE_SAME)
        )

    @property
    def summary(self) -> str:
        """What it says of the payment, in few words; empty where it says nothing."""
        shown = [(name, value) for name in _SHOWN for value in self.members.get(name, [])]
        return ", ".join(f"{name} {value}" for name, value in shown)

    def is_about(self, reference: str) -> bool:
        """Whether it names this id, or none."""
        named = [one.lower() for one in self.members.get("conversationid", [])]
        return not named or reference.lower() in named

    @property
    def is_paid(self) -> bool:
        """Of a poll: whether the payment was made."""
        return self.members.get("code") == [PAID]


def answer(text: str) -> Answer:
    """The answer in a body; an empty one where the body is not an object of JSON."""
    try:
        found = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return Answer()
    return Answer(_members(found)) if isinstance(found, _Pairs) else Answer()


def _members(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[str]]:
    members: defaultdict[str, list[str]] = defaultdict(list)
    for key, value in pairs:
        text = _text(value)
        if text is not None:
            members[_NOT_IN_A_KEY.sub("", key.lower())].append(text)
    return dict(members)


def _text(found: Any) -> str | None:
    """Strings and whole numbers as text of a bounded length; anything else is nothing."""
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    try:
        text = str(found).strip()
    except ValueError:  # a number of too many digits
        return None
    return text[:128] if text else None
