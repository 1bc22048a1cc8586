"""The demo on the terminal: a live table where there is a terminal, plain lines elsewhere."""

import contextlib
import sys
import textwrap
import time
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dev.performance import Part

_COLOURS: Final = {"SUCCESSFUL": "green", "FAILED": "red", "IN_REVIEW": "magenta"}
WIDTH: Final = 80
INDENT: Final = 24
_TIME_WIDTH: Final = 9
_LAST_DIGITS: Final = 7


class Screen:
    """Where the demo is shown; times are seconds since its start."""

    def __init__(self) -> None:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")
        self._console = Console(highlight=False)
        if not self._console.is_terminal:
            self._console = Console(highlight=False, width=WIDTH, color_system=None)
        self._began_s = time.monotonic()

    def say(self, line: str) -> None:
        """A sentence with the time, on as many lines as it needs."""
        first, *rest = textwrap.wrap(line, WIDTH - _TIME_WIDTH, break_on_hyphens=False)
        self._console.print(f"{self._elapsed_s():5.1f} s  {first}", soft_wrap=True)
        for more in rest:
            self._console.print(" " * _TIME_WIDTH + more, soft_wrap=True)

    @contextlib.contextmanager
    def watching(self, parts: list[Part]) -> Iterator[None]:
        """Show all payments at once, below the lines that `moved` writes, if this is a terminal."""
        if not self._console.is_terminal:
            yield
            return
        with Live(get_renderable=lambda: _now(parts), console=self._console, transient=True):
            yield

    def moved(self, part: Part, move: dict[str, Any]) -> None:
        """One line for one move: whose, to what, by which evidence."""
        line = Text(f"{self._elapsed_s():5.1f} s  {part.act.name:<14} {part.act.masked:<13}")
        line.append(f"{move['status']:<11}", style=_COLOURS.get(move["status"], ""))
        line.append(move["evidence"])
        self._console.print(line, soft_wrap=True)
        for part_of_it in textwrap.wrap(move["detail"], WIDTH - INDENT):
            self._console.print(" " * INDENT + part_of_it, soft_wrap=True)

    def summarise(self, parts: list[Part]) -> None:
        """The table at the end."""
        self._console.print()
        self._console.print(_summary(parts))
        self._console.print()

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began_s


def _now(parts: list[Part]) -> Table:
    table = _table("externalId", "number", "amount", "status", "moved by")
    for part in parts:
        evidence = [evidence for evidence, _ in groupby(part.moves, lambda move: move["evidence"])]
        shown = (part.act.name, part.act.masked, part.act.amount)
        table.add_row(*shown, _status(part), " → ".join(evidence))
    return table


def _summary(parts: list[Part]) -> Table:
    table = _table("externalId", "ZMW", "number", "status", "failure", "decided by", "charges")
    for part in parts:
        payment = part.payment
        table.add_row(
            payment["externalId"],
            payment["amount"],
            part.act.masked[-_LAST_DIGITS:],
            _status(part),
            part.failure or "-",
            part.moves[-1]["evidence"],
            f"{part.charges} {'ok' if part.is_as_expected else 'WRONG'}",
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for column in table.columns:
        column.overflow = "fold"
    return table


def _status(part: Part) -> Text:
    status = part.payment["status"]
    return Text(status, style=_COLOURS.get(status, "yellow"))
