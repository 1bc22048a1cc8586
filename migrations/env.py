"""Run migrations in the application's context, under lock and statement timeouts.

A migration that cannot get its lock quickly gives up instead of stopping the traffic behind it;
run it again. One migration runs at a time (an advisory lock), each in a transaction of its own.
"""

import sqlalchemy as sa
from alembic import context
from alembic.runtime.migration import MigrationContext
from flask import current_app

from zampay import privileges
from zampay.infra.database import timeouts

LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "10min"
ONE_AT_A_TIME = 7_305_201_709


def run() -> None:
    """Migrate on a connection of our own, with the rights of every tenant."""
    db = current_app.extensions["migrate"].db
    transactional = db.engine.execution_options(isolation_level="READ COMMITTED")
    with transactional.connect() as connection:
        timeouts.extend(connection, longest_wait_s=None)
        connection.execute(sa.text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.execute(sa.text("SET lock_timeout = '0'"))
        connection.execute(sa.text(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})"))
        connection.execute(sa.text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        # The first is what policies asked for before the migration `roles`.
        connection.execute(sa.text("SELECT set_config('zampay.tenant_id', '*', false)"))
        connection.execute(sa.text("SELECT set_config('zampay.every_tenant', 'on', false)"))
        privileges.remove_functions(connection)
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        if _is_at_head(connection):
            privileges.apply(connection, app_role=current_app.config["APP_ROLE"])
        connection.commit()
        connection.invalidate()


def _is_at_head(connection: sa.Connection) -> bool:
    migration = MigrationContext.configure(connection)
    return set(migration.get_current_heads()) == set(context.script.get_heads())


run()
