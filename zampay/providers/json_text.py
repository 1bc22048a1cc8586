"""A network's JSON, read leniently: nothing that it may contain raises."""

import json
from typing import Any

LONGEST = 128


def parsed(text: str) -> dict[str, Any]:
    """The JSON object in a body, or an empty one."""
    return _object(text) or {}


def is_foreign(text: str) -> bool:
    """Whether a body is none of the network's: the page of a firewall, or a part of one."""
    return bool(text.strip()) and _object(text) is None


def member(found: Any, name: str) -> dict[str, Any]:
    """The object of this name inside another; an empty one if there is none."""
    inner = found.get(name) if isinstance(found, dict) else None
    return inner if isinstance(inner, dict) else {}


def word(found: Any) -> str | None:
    """Strings and numbers as text of a bounded length; anything else is nothing."""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    text = str(found).strip()
    return text[:LONGEST] if text else None


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
