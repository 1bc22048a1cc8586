"""Proves on an empty database that the migrations and the models agree and lead both ways.

Up from nothing, nothing left for a new revision to add, down to nothing, and up again.
"""

import psycopg

from dev.common import DevError, run_program
from dev.scratch import scratch_stack
from dev.servers import as_postgresql

_REMAINS = """
    SELECT relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic_version%'
    UNION ALL
    SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


def main() -> None:
    """Exit 2 with the reason when a step fails."""
    with scratch_stack() as stack:
        stack.migrate()
        stack.flask("db", "check")
        stack.flask("db", "downgrade", "base")
        require_empty(stack.servers.database_url)
        stack.migrate()
    print("The migrations and the models agree; up, down and up again works.")


def require_empty(url: str) -> None:
    """DevError that names what a downgrade to nothing left in the database."""
    with psycopg.connect(as_postgresql(url)) as link:
        remains = [name for (name,) in link.execute(_REMAINS)]
    if remains:
        raise DevError(f"After the downgrade to nothing there is still: {', '.join(remains)}")


if __name__ == "__main__":
    run_program(main)
