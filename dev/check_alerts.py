"""Lets promtool read and try ops/prometheus where it is installed (Debian: package prometheus).

What needs no promtool is tested: metrics, pages, the dashboard in tests/operating/test_alerts.py,
what is scraped in tests/deploying/test_compose.py.
"""

import shutil
import subprocess

from dev.common import ROOT, DevError, run_program

PLACE = ROOT / "ops" / "prometheus"
CHECKS = (
    ["check", "config", "--syntax-only", "prometheus.yml"],  # its token is on another machine
    ["check", "rules", "alerts.yml"],
    ["test", "rules", "alerts_test.yml"],
)


def main() -> None:
    """DevError with what promtool says when it refuses."""
    promtool = shutil.which("promtool")
    if promtool is None:
        print("promtool is not installed: its files were only parsed, by the tests.")
        return
    for command in CHECKS:
        tried = subprocess.run(
            [promtool, *command], cwd=PLACE, capture_output=True, text=True, check=False
        )
        if tried.returncode:
            raise DevError(f"{tried.stdout}\n{tried.stderr}")
    print("promtool takes the configuration and the alert rules, and they fire when they should.")


if __name__ == "__main__":
    run_program(main)
