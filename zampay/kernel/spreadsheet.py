"""Text for a cell of a spreadsheet: what opens a CSV must not run what somebody wrote as a formula.

OWASP, "CSV Injection": a cell that begins with one of these characters is a formula.
"""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")


def cell(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_STARTS) or text.lstrip().startswith(_STARTS) else text


def table(rows: Iterable[Sequence[str]]) -> str:
    """The rows as CSV (RFC 4180)."""
    written = StringIO()
    csv.writer(written).writerows([cell(text) for text in row] for row in rows)
    return written.getvalue()
