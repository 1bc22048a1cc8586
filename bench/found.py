"""What one run found, and the table that it writes."""

import platform
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psutil


@dataclass
class Found:
    """All figures of one run, by name, and which of them are compared."""

    figures: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ratios: dict[str, tuple[str, str]] = field(default_factory=dict)

    def note(self, name: str, figure: float) -> None:
        """Keep and print one."""
        print(f"  {name:<60} {figure:10.1f}", flush=True)
        self.figures[name].append(figure)

    def compare(self, name: str, one: str, two: str) -> None:
        """The first figure is to be divided by the second, where both were measured."""
        self.ratios[name] = one, two

    def __getitem__(self, name: str) -> float:
        return statistics.median(self.figures[name])

    def table(self) -> str:
        """The figures and their ratios, in Markdown."""
        memory, python = psutil.virtual_memory().total / 2**30, platform.python_version()
        machine = f"{psutil.cpu_count()} cores, {memory:.0f} GiB, Python {python}"
        known = {
            name: self[one] / self[two]
            for name, (one, two) in self.ratios.items()
            if one in self.figures and two in self.figures
        }
        lines = [
            f"{datetime.now(UTC):%Y-%m-%d}; {machine}; everything on the same machine.",
            "",
            "| figure | median |",
            "|---|---|",
            *(f"| {name} | {self[name]:.1f} |" for name in self.figures),
            "",
            "| ratio | |",
            "|---|---|",
            *(f"| {name} | {ratio:.3f} |" for name, ratio in known.items()),
        ]
        return "\n".join(lines) + "\n"
