"""Writes docs/settings.md: every variable with its default in each environment.

The defaults come from `config.read` itself, the words from `.env.example`; `--check` writes nothing
and exits 2 when the document is not what it would be.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final

import config
from config import AppEnv
from dev.environment import ROOT, DevError, run_program
from zampay.providers import registry

DOCUMENT: Final = ROOT / "docs" / "settings.md"
EXAMPLE: Final = ROOT / ".env.example"
SECRETS: Final = frozenset(
    {
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "SECRET_KEY_PREVIOUS",
        "METRICS_TOKEN",
        "SENTRY_DSN",
    }
).union(*(network.secrets for network in registry.NETWORKS))
REQUIRED: Final = "required"
_INTRODUCTION: Final = """\
# Settings

Everything comes from the environment and is read once, when a process starts; whatever is missing
or wrong stops the start, all in one message. `required` has no default in that environment, `-` is
optional and absent. Every network is optional: its address is required as soon as one of its
variables is given, its credentials as soon as one of them is.

Any variable may also be given as `NAME_FILE`, the path of a file that holds its value: Docker and
Kubernetes secrets, a Vault agent's file, a mounted parameter. A secret (marked below) is best given
so: what a process has in its environment, its children and crash reports have too.

This page is written by `python -m dev.settings_table`; `make check` compares.
"""


class Recording(config.Environment):
    """Tells the default of every variable that was read and not given."""

    def defaults(self) -> dict[str, Any]:
        """By name; `REQUIRED` for one that has none."""
        wrong = self.problems()
        return {name: REQUIRED if name in wrong else self._values[name] for name in self.names()}


def main() -> None:
    """Write the document, or compare it."""
    wanted = document()
    if "--check" not in sys.argv[1:]:
        DOCUMENT.write_text(wanted, encoding="utf-8")
    elif not DOCUMENT.exists() or DOCUMENT.read_text(encoding="utf-8") != wanted:
        raise DevError("docs/settings.md is not up to date: python -m dev.settings_table")


def document() -> str:
    """The whole page."""
    return "\n".join([_INTRODUCTION, *_table(), ""])


def defaults(app_env: AppEnv) -> Mapping[str, str]:
    """Every variable with its default in one environment, as the table shows it."""
    recorded = _recorded({"APP_ENV": str(app_env)})
    return {name: _shown(default) for name, default in recorded.items()}


def _recorded(environment: Mapping[str, str]) -> dict[str, Any]:
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        env = Recording()
        config.read(env)
    finally:
        os.environ.clear()
        os.environ.update(kept)
    return {**env.defaults(), "APP_ENV": REQUIRED}


def _shown(default: Any) -> str:
    if default is None or default == []:
        return "-"
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


def _table() -> Iterator[str]:
    columns = {app_env: defaults(app_env) for app_env in AppEnv}
    names = list(columns[AppEnv.PRODUCTION])
    yield "| variable | " + " | ".join(columns) + " | what it is |"
    yield "|---" * (len(columns) + 2) + "|"
    for name, words in _words().items():
        if name in names:
            secret = " **Secret.**" if name in SECRETS else ""
            shown = " | ".join(column.get(name, "-") for column in columns.values())
            yield f"| `{name}` | {shown} | {words}{secret} |"


def _words() -> dict[str, str]:
    """The line above each variable of the example, in its order."""
    text = EXAMPLE.read_text(encoding="utf-8")
    pairs = re.findall(r"^# (.+)\n#?([A-Z][A-Z0-9_]+)=", text, re.MULTILINE)
    return {name: words.replace("|", "\\|") for words, name in pairs}


if __name__ == "__main__":
    run_program(main)
