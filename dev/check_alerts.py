"""Lets promtool read and try the alert rules where it is installed (Debian: package prometheus).

What needs no promtool (metrics, pages, the dashboard) is tested in tests/operating/test_alerts.py.
"""

import shutil
import subprocess

from dev.desk import ROOT, DeskError, run_program

PLACE = ROOT / "ops" / "prometheus"


def main() -> None:
    """DeskError with what promtool says when it refuses."""
    promtool = shutil.which("promtool")
    if promtool is None:
        print("promtool is not installed: the rules were only parsed, by the tests.")
        return
    for command in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]):
        tried = subprocess.run(
            [promtool, *command], cwd=PLACE, capture_output=True, text=True, check=False
        )
        if tried.returncode:
            raise DeskError(f"{tried.stdout}\n{tried.stderr}")
    print("promtool takes the alert rules, and they fire when they should.")


if __name__ == "__main__":
    run_program(main)
