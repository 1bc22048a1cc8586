"""The chains of hashes in the audit log and in the history of a payment: each line's hash is taken
over its own members and the hash before it, so that a line that was changed, removed, added or
moved breaks the chain there.

The database computes them (migration `chains`); this is the same rule for whoever holds an export.
Text has its length before it, numbers are whole, times are microseconds: nothing depends on how a
program writes JSON, fractions or dates.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Line = Mapping[str, Any]
FIRST = 1


@dataclass(frozen=True, slots=True)
class Chain:
    """What a chain is checked to be: its lines from `first` to `last`, and the hash at its end;
    `broken` is the position of the first line that does not fit, `why` says how.
    """

    of: str
    first: int
    last: int
    head: str
    broken: int | None = None
    why: str = ""


def part(text: str | None) -> str:
    """A text so that nothing beside it can be taken for a piece of it: `3:abc,`; none is `-,`."""
    return "-," if text is None else f"{len(text)}:{text},"


def json_part(value: Any) -> str:
    """A value of JSON without fractions.

    Raises:
        ValueError: it holds a fraction, or what JSON does not know.
    """
    if value is None:
        return "null:" + part("")
    if isinstance(value, bool):
        return "boolean:" + part("true" if value else "false")
    if isinstance(value, int):
        return "number:" + part(str(value))
    if isinstance(value, str):
        return "string:" + part(value)
    if isinstance(value, list):
        return "array:" + part("".join(map(json_part, value)))
    if isinstance(value, dict):
        members = (part(name) + json_part(value[name]) for name in sorted(value))
        return "object:" + part("".join(members))
    raise ValueError("only whole numbers are recorded")


def history_hash(line: Line, previous: str) -> str:
    """The hash of one line of `GET /payments/{id}/events`."""
    return _hash(
        part("zampay history 1"),
        part(previous),
        part(line["paymentId"]),
        part(str(line["position"])),
        part(line["previousState"]),
        part(line["state"]),
        part(line["evidence"]),
        part(line["detail"]),
        part(str(line["atMicros"])),
    )


def audit_hash(line: Line, previous: str) -> str:
    """The hash of one line of `GET /audit-log`."""
    return _hash(
        part("zampay audit 1"),
        part(previous),
        part(line["tenantId"]),
        part(str(line["position"])),
        part(str(line["atMicros"])),
        part(line["action"]),
        part(line["actor"]),
        part(line["address"]),
        part(line["subject"]),
        json_part(line["details"]),
    )


def check(lines: Iterable[Line]) -> list[Chain]:
    """Every chain among the lines, in any order: one for each tenant's audit log and one for each
    payment. The first line of a part of an audit log is believed: what it follows is not there.

    Raises:
        KeyError, TypeError, ValueError: these are no such lines.
    """
    chains: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        kind = "audit log of " if "action" in line else "history of "
        whose = line["tenantId"] if "action" in line else line["paymentId"]
        chains.setdefault((kind, str(whose)), []).append(line)
    return [_checked(kind, whose, found) for (kind, whose), found in sorted(chains.items())]


def _checked(kind: str, whose: str, lines: list[Line]) -> Chain:
    ordered = sorted(lines, key=lambda line: int(line["position"]))
    is_audit = kind.startswith("audit")
    rule: Callable[[Line, str], str] = audit_hash if is_audit else history_hash
    first = ordered[0]["position"]
    begins = FIRST if not is_audit or first < FIRST else first
    expected, previous = begins, ""
    for line in ordered:
        why = ""
        if line["position"] != expected:
            why = "is missing" if line["position"] > expected else "is there twice"
        elif (expected == FIRST or line is not ordered[0]) and line["hash"] != rule(line, previous):
            why = "was changed"
        if why:
            broken = min(expected, line["position"])
            return Chain(f"{kind}{whose}", begins, expected - 1, previous, broken, why)
        expected, previous = expected + 1, line["hash"]
    return Chain(f"{kind}{whose}", begins, expected - 1, previous)


def _hash(*parts: str) -> str:
    return hashlib.sha256("".join(parts).encode()).hexdigest()
