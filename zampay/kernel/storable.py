"""Text that PostgreSQL can keep, whoever wrote it.

PostgreSQL refuses NUL in text and in JSON, and UTF-8 has no form for half a surrogate pair. Both
become U+FFFD, the replacement character, so that a stranger's text never stops a commit.
"""

import math
import re
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")

_NOT_IN_A_LINE = re.compile("[\x01-\x1f\x7f-\x9f\u2028\u2029]")


def text(given: str) -> str:
    """The text with each character that cannot be kept replaced."""
    return _NOT_STORABLE.sub(REPLACEMENT, given)


def line(given: str) -> str:
    """The same on one line: control characters and separators of lines are replaced as well."""
    return _NOT_IN_A_LINE.sub(REPLACEMENT, text(given))


def tree(given: Any) -> Any:
    """The same for all texts of a JSON value, names of members included; numbers that JSON does not
    have (NaN, infinities) become text.
    """
    if isinstance(given, str):
        return text(given)
    if isinstance(given, float) and not math.isfinite(given):
        return str(given)
    if isinstance(given, dict):
        return {text(str(name)): tree(value) for name, value in given.items()}
    if isinstance(given, list | tuple):
        return [tree(value) for value in given]
    return given
