"""Load over HTTP by autocannon (of Node's npm; `make bench` fetches it): open connections that ask
again at once.
"""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dev.environment import DATA, DevError

PROGRAM: Final = DATA / "npm" / "node_modules" / ".bin" / "autocannon"
ORDER: Final = '{"externalId":"[<id>]","amount":"12.50","msisdn":"260963123400"}'
"""An order; `[<id>]` is another one in each request, by the option -I."""


@dataclass(frozen=True)
class Figures:
    """What one run came to; latencies in milliseconds."""

    per_s: float
    p50_ms: float
    p99_ms: float
    wrong: int
    """Answers that were not 2xx, and requests without an answer."""

    def __str__(self) -> str:
        return f"{self.per_s:7.1f}/s  p50 {self.p50_ms:6.1f}  p99 {self.p99_ms:7.1f} ms"


def run(
    url: str,
    *,
    seconds: float,
    connections: int = 32,
    headers: Mapping[str, str] | None = None,
    body: str = ORDER,
) -> Figures:
    """POST the body for a while."""
    if not PROGRAM.exists():
        raise DevError("autocannon is not here: `make bench` fetches it.")
    named = {"Content-Type": "application/json", **(headers or {})}
    command = [str(PROGRAM), "-j", "-I", "-m", "POST", "-b", body, "-d", str(seconds)]
    command += ["-c", str(connections)]
    command += [part for name, text in named.items() for part in ("-H", f"{name}={text}")]
    done = subprocess.run([*command, url], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return Figures(
        found["requests"]["total"] / found["duration"],
        found["latency"]["p50"],
        found["latency"]["p99"],
        found["non2xx"] + found["errors"] + found["timeouts"],
    )
