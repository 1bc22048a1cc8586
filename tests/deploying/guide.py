"""The examples of docs/integration-guide.md, as programs that this machine can run."""

import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

from dev.environment import ROOT

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
RUNNERS = {
    "bash": (shutil.which("bash") if shutil.which("curl") else None, "sh", "bash and curl"),
    "python": (sys.executable, "py", "python"),
    "javascript": (shutil.which("node"), "mjs", "node"),
    "php": (shutil.which("php"), "php", "php-cli and php-curl"),
}
RUNNABLE = [language for language, (program, _, _) in RUNNERS.items() if program]
MISSING = [words for program, _, words in RUNNERS.values() if not program]


def examples(section: str) -> dict[str, list[str]]:
    """Every block of code under a heading of the second level, by language."""
    text = (ROOT / "docs/integration-guide.md").read_text(encoding="utf-8")
    body = text.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    found: dict[str, list[str]] = {}
    for _, language, code in _BLOCK.findall(body):
        found.setdefault(language, []).append(textwrap.dedent(code))
    return found


def start(
    language: str, code: str, directory: Path, environment: Mapping[str, str]
) -> "subprocess.Popen[str]":
    """Run a program of that language; a directory holds one of each."""
    runner, suffix, _ = RUNNERS[language]
    assert runner is not None
    file = directory / f"example.{suffix}"
    if not file.exists():  # another one may be reading it just now
        file.write_text(code, encoding="utf-8")
    return subprocess.Popen(
        [runner, file],
        env=dict(environment),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def result(program: "subprocess.Popen[str]") -> str:
    """What it wrote, once it has ended well."""
    written, _ = program.communicate(timeout=60)
    assert program.returncode == 0, written
    return written.strip()
