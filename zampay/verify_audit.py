"""`zampay verify-audit FILE…`: whether an export of the audit log or of payments' history
is as it was written. Needs nothing of the gateway but the rule of its chains.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from zampay.kernel import chain


@click.command("verify-audit")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def verify_audit(files: tuple[str, ...]) -> None:
    """Check the chain of hashes in exports of the audit log or of history: answers as JSON; - reads
    them from standard input.
    """
    sys.exit(run(files))


def run(files: Sequence[str]) -> int:
    """Say of each chain whether it holds; 1 when one does not, 2 when the files cannot be read."""
    try:
        chains = chain.check([line for file in files for line in _lines(file)])
    except (OSError, KeyError, TypeError, ValueError) as error:
        sys.stderr.write(f"This is no export of an audit log or a history: {error!r}.\n")
        return 2
    for one in chains:
        sys.stdout.write(_verdict(one) + "\n")
    if not chains:
        sys.stdout.write("There is no line in it.\n")
    return 1 if any(one.broken is not None for one in chains) else 0


def _verdict(one: chain.Chain) -> str:
    if one.broken is not None:
        return f"BROKEN  {one.of}: line {one.broken} {one.why}."
    return f"ok      {one.of}: lines {one.first} to {one.last}; the last hash is {one.head}."


def _lines(file: str) -> Iterator[dict[str, Any]]:
    """Lines of answers as the API gives them: one page, a list of pages or lines, or one a line."""
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    for page in found if isinstance(found, list) else [found]:
        yield from page.get("data", [page])
