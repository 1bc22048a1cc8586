"""Migrations in development: `python -m dev.migrations upgrade | revision <what changes>`.

`upgrade` works on the database of `make run`, or the one in DATABASE_URL; `revision` compares the
models with a fresh database at the newest revision, so that no old data colours the result.
"""

import os
import sys
from dataclasses import replace

from dev.environment import DATA, DevError, run_program
from dev.servers import FAST, servers, temporary_directory
from dev.stack import Stack


def upgrade() -> None:
    """Bring the database of `make run` to the newest revision."""
    directory = DATA / "run"
    with servers(directory) as started, Stack(started, directory) as stack:
        stack.migrate()
        print("The database is at", stack.zampay("db", "heads").strip())


def revision(what_changes: str) -> None:
    """Write a revision file for what the models have and the migrations do not."""
    if not what_changes:
        raise DevError('Say what changes: make migration NAME="add refunds"')
    name = f"zampay_revision_{os.getpid()}"
    with temporary_directory() as directory, servers(directory, settings=FAST) as started:
        empty = replace(started, database_url=started.create_database(name))
        try:
            stack = Stack(empty, directory)
            stack.migrate()
            print(stack.zampay("db", "migrate", "-m", what_changes).strip().splitlines()[-1])
        finally:
            started.drop_database(name)


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["upgrade"]:
            upgrade()
        case ["revision", what_changes]:
            revision(what_changes)
        case _:
            raise DevError(__doc__)


if __name__ == "__main__":
    run_program(main)
