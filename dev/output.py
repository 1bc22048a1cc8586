"""The demo on the terminal, in lines of 80 columns; times are seconds since its start."""

import sys
import textwrap
import time
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dev.runner import Run

WIDTH: Final = 80
INDENT: Final = 24
_TIME_WIDTH: Final = 9
_LAST_DIGITS: Final = 9
_COLOURS: Final = {"SUCCESSFUL": "green", "FAILED": "red", "IN_REVIEW": "magenta"}


class Output:
    """Where the demo writes."""

    def __init__(self) -> None:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")
        self._console = Console(highlight=False, width=WIDTH)
        self._began_s = time.monotonic()

    def say(self, line: str) -> None:
        """A sentence with the time, on as many lines as it needs."""
        first, *rest = textwrap.wrap(line, WIDTH - _TIME_WIDTH, break_on_hyphens=False)
        self._console.print(f"{self._time()}  {first}", soft_wrap=True)
        for more in rest:
            self._console.print(" " * _TIME_WIDTH + more, soft_wrap=True)

    def event(self, run: Run, event: dict[str, Any]) -> None:
        """One change of one payment: whose, to what, by which evidence."""
        line = Text(f"{self._time()}  {run.scenario.name:<14} {run.scenario.masked:<13}")
        line.append(f"{event['status']:<11}", style=_COLOURS.get(event["status"], ""))
        line.append(event["evidence"])
        self._console.print(line, soft_wrap=True)
        for detail in textwrap.wrap(event["detail"], WIDTH - INDENT):
            self._console.print(" " * INDENT + detail, soft_wrap=True)

    def summary(self, runs: list[Run]) -> None:
        """How all payments ended."""
        columns = ("payment", "ZMW", "number", "status", "failure", "decided by", "charges")
        table = Table(*columns, box=box.SIMPLE_HEAD, show_edge=False, padding=0)
        for column in table.columns:
            column.overflow = "fold"
        for run in runs:
            table.add_row(
                run.scenario.name,
                run.payment["amount"],
                run.scenario.masked[-_LAST_DIGITS:],
                Text(run.payment["status"], style=_COLOURS.get(run.payment["status"], "yellow")),
                run.failure or "-",
                run.events[-1]["evidence"],
                f"{run.charges} {'ok' if run.is_as_expected else 'WRONG'}",
            )
        self._console.print("", table, "")

    def _time(self) -> str:
        return f"{time.monotonic() - self._began_s:5.1f} s"
