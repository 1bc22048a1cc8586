"""What each revision would lock: its SQL, judged by squawk (`.squawk.toml`).

Every revision is judged alone, so that only the tables that it makes itself count as empty.
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from dev.environment import ROOT, run_program

SQUAWK = str(Path(sys.executable).with_name("squawk"))


def sql(revision: Script) -> str:
    """The statements of the way up; no database is asked."""
    written = io.StringIO()
    options = {"as_sql": True, "output_buffer": written}
    offline = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with offline.begin_transaction(), Operations.context(offline):
        revision.module.upgrade()
    return written.getvalue()


def findings(migrations: Path) -> str:
    """What squawk says against the revisions in this directory, or nothing."""
    with tempfile.TemporaryDirectory() as directory:
        files = []
        for revision in ScriptDirectory(str(migrations)).walk_revisions():
            files.append(Path(directory, Path(revision.path).with_suffix(".sql").name))
            files[-1].write_text(sql(revision), encoding="utf-8")
        command = [SQUAWK, "--config", str(ROOT / ".squawk.toml"), "--reporter", "gcc"]
        judged = subprocess.run(
            [*command, *map(str, files)], capture_output=True, text=True, check=False
        )
    return "" if judged.returncode == 0 else judged.stdout + judged.stderr


def main() -> None:
    """Print the findings, and end with 1 if there are some."""
    found = findings(ROOT / "migrations")
    print(found, end="")
    sys.exit(bool(found))


if __name__ == "__main__":
    run_program(main)
