"""Requests at a constant rate by loadtest (of Node's npm; `make bench` fetches it): one after the
other at equal distances, whatever comes back. autocannon sends each second's requests at once.
"""

import re
import subprocess
from collections.abc import Mapping
from typing import Final

from bench.autocannon import Figures
from dev.environment import DATA, ROOT, DevError

PROGRAM: Final = DATA / "npm" / "node_modules" / ".bin" / "loadtest"
_ORDERS: Final = ROOT / "bench" / "orders.cjs"


def run(url: str, *, seconds: float, per_s: float, headers: Mapping[str, str]) -> Figures:
    """POST orders for a while."""
    if not PROGRAM.exists():
        raise DevError("loadtest is not here: `make bench` fetches it.")
    command = [str(PROGRAM), "-k", "-c", "1", "--cores", "1", "-m", "POST", "-R", str(_ORDERS)]
    command += ["--rps", str(round(per_s)), "-t", str(round(seconds))]
    command += [part for name, text in headers.items() for part in ("-H", f"{name}:{text}")]
    said = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    return Figures(
        per_s=_figure(said, r"Effective rps: +([0-9.]+)"),
        p50_ms=_figure(said, r"50% +([0-9.]+) ms"),
        p99_ms=_figure(said, r"99% +([0-9.]+) ms"),
        wrong=int(_figure(said, r"Total errors: +([0-9]+)")),
    )


def _figure(said: str, pattern: str) -> float:
    found = re.search(pattern, said)
    if found is None:
        raise DevError(f"loadtest did not say {pattern!r}:\n{said}")
    return float(found[1])
