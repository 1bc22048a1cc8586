"""A stack with nothing running, on an empty database that is removed in the end."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace

from dev.servers import FAST, servers, temporary_directory
from dev.stack import Stack


@contextlib.contextmanager
def scratch_stack() -> Iterator[Stack]:
    """For `Stack.flask`: with DATABASE_URL set, a fresh database beside the one it names."""
    name = f"zampay_scratch_{os.getpid()}"
    with temporary_directory() as directory, servers(directory, settings=FAST) as started:
        scratch = replace(started, database_url=started.create_database(name))
        try:
            with Stack(scratch, directory) as stack:
                yield stack
        finally:
            started.drop_database(name)
