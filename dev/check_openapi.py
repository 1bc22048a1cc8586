"""Looks for mistakes in docs/openapi.json that would trouble whoever generates a client from it.

It is held against the specification, which needs nothing but .venv. Where npm is installed and its
registry answers, Redocly and Spectral read it as well, with their recommended rules.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator

from openapi_spec_validator import OpenAPIV31SpecValidator

from dev.common import ROOT, DevError, run_program
from dev.openapi import DOCUMENT

PACKAGES = ("@redocly/cli@2.77.0", "@stoplight/spectral-cli@6.16.3")
RULES = '{"extends": ["spectral:oas"]}\n'
_PLACE = ROOT / ".data" / "openapi-linters"
_PROGRAMS = _PLACE / "node_modules" / ".bin"
_PATIENCE_S = 240


def main() -> None:
    """DevError with every mistake."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    mistakes = [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]
    if installed():
        mistakes += linted()
    else:
        print("Redocly and Spectral did not read it: npm is not here, or its registry is not.")
    if mistakes:
        raise DevError("\n".join(mistakes))
    print("No mistake in docs/openapi.json.")


def installed() -> bool:
    """Whether the linters are in .data, where they are put once; no script of theirs is run."""
    if (_PLACE / "package.json").exists():
        named = json.loads((_PLACE / "package.json").read_text(encoding="utf-8"))["dependencies"]
        if {f"{name}@{version.lstrip('^')}" for name, version in named.items()} == {*PACKAGES}:
            return True
    npm = shutil.which("npm")
    if npm is None:
        return False
    quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--loglevel=error")
    command = [npm, "install", *quiet, "--prefix", str(_PLACE), *PACKAGES]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def linted() -> Iterator[str]:
    """What each linter says that is not content."""
    ruleset = _PLACE / "spectral.json"
    ruleset.write_text(RULES, encoding="utf-8")
    spectral = _run("spectral", "lint", "--fail-severity=hint", f"--ruleset={ruleset}")
    if spectral.returncode:
        yield f"Spectral:\n{spectral.stdout}{spectral.stderr}"
    redocly = _run("redocly", "lint", "--extends=recommended", "--format=json")
    try:
        totals = json.loads(redocly.stdout)["totals"]
        content = not totals["errors"] and not totals["warnings"]
    except ValueError:
        content = False
    if not content:
        yield f"Redocly:\n{redocly.stdout}{redocly.stderr}"


def _run(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(_PROGRAMS / program), *arguments, str(DOCUMENT)]
    return subprocess.run(command, cwd=_PLACE, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    run_program(main)
