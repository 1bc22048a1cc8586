"""Looks for mistakes in what deploys the gateway, in the way of those who will read it.

Workflows, Dependabot's configuration and docker-compose.yml are held against their schemas, the
workflows against zizmor's rules, the Dockerfile against hadolint's. All of it comes with .venv and
works without a network.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from dev.common import ROOT, DevError, run_program


def main() -> None:
    """DevError with every mistake."""
    mistakes = list(mistakes_in(ROOT))
    if mistakes:
        raise DevError("\n".join(mistakes))
    print("No mistake in workflows, Dependabot's configuration, Compose file and Dockerfile.")


def mistakes_in(root: Path) -> Iterator[str]:
    """What each program says that refuses a file under `root`."""
    workflows = sorted(map(str, root.glob(".github/workflows/*.yml")))
    for program, *arguments in (
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows),
        ("check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml"),
        ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"),
        ("zizmor", "--offline", "--quiet", "--persona", "pedantic", ".github"),
        ("hadolint", "Dockerfile"),
    ):
        command = [str(Path(sys.executable).with_name(program)), *arguments]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"{program}:\n{done.stdout}{done.stderr}"


if __name__ == "__main__":
    run_program(main)
