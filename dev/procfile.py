"""The command lines of the Procfile, so that development runs what production runs."""

import re
from pathlib import Path
from typing import Final

from dev.common import ROOT, DevError

_LINE: Final = re.compile(r"^(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>\S.*?)\s*$")


def read(file: Path = ROOT / "Procfile") -> dict[str, str]:
    """Process name to its command line, for a shell; DevError when a line cannot be read."""
    commands: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            raise DevError(f"{file.name}: no `name: command` in {line!r}")
        commands[match["name"]] = match["command"]
    return commands


def shell(command_line: str) -> list[str]:
    """How to run a command line so that signals reach the program and not a shell around it."""
    return ["sh", "-c", f"exec env {command_line}"]
