"""What the role of web and worker may do in the database, where another role owns the tables.

Applied after every migration (`migrations/env.py`), so that what is missing here is missing in
every test of the two roles. A table that is not named gets `USUAL`; nothing may be deleted but by
`forget_deliveries`. On a platform with one role that owns everything, only the functions are made.
"""

from typing import Final

import sqlalchemy as sa

from zampay.infra.database.db import db
from zampay.networks import figures, telling
from zampay.tenants import audit_chain
from zampay.tenants import queries as tenant_queries
from zampay.transfers import (
    callback_queries,
    due,
    gauges,
    history,
    invariants,
    network_states,
    today_gauges,
)
from zampay.wallets import callback_tokens
from zampay.webhooks import gauges as webhook_gauges
from zampay.webhooks import queries as webhook_queries
from zampay.webhooks.delivery import queries as delivery_queries

FUNCTIONS: Final = (
    tenant_queries.TENANT_OF_KEY,
    callback_queries.TENANT_OF_CALLBACK,
    callback_queries.TENANT_OF_REFERENCE,
    callback_tokens.TENANT_OF_WALLET,
    figures.NETWORKS_SINCE,
    telling.TROUBLES_UNTOLD,
    telling.TENANTS_CONCERNED,
    *due.STREAMS.values(),
    *due.DUE.values(),
    network_states.NETWORK_TROUBLES_OPEN,
    delivery_queries.DUE_ENDPOINTS,
    webhook_queries.FORGET_DELIVERIES,
    gauges.TRANSFERS_OWED,
    gauges.DISCREPANCIES_OPEN,
    today_gauges.TRANSFERS_SINCE,
    invariants.VIOLATIONS,
    webhook_gauges.DELIVERIES_OWED,
    audit_chain.AUDIT_HEADS,
    history.HISTORY_OF_DAY,
)
MADE_BY_MIGRATIONS: Final = ("number_has_room",)
"""Functions of the owner that are no single query; the gateway calls them as well."""
USUAL: Final = "SELECT, INSERT, UPDATE"
TABLES: Final = {
    "tenants": "SELECT, INSERT, UPDATE (business_name, email)",
    "api_keys": "SELECT, INSERT, UPDATE (name, expires_at, revoked_at, last_used_at)",
    "audit_log": "SELECT, INSERT",
    "audit_heads": "",
    "operators": "",
    "proposals": "",
    "transitions": "SELECT, INSERT",
    "events": "SELECT, INSERT",
    "idempotency_keys": "SELECT, INSERT",
    "transfer_metadata": "SELECT, INSERT",
    "alembic_version": "SELECT",
}
"""Without a right to change some column of it, a row could not be locked either."""


_UNFIT: Final = sa.text("""
    SELECT r.rolname, r.oid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
           OR r.rolsuper OR r.rolbypassrls OR r.rolreplication
           OR (r.rolcreaterole AND current_setting('server_version_num')::int < 160000)
           OR r.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files',
                            'pg_write_server_files', 'pg_execute_server_program'),
           EXISTS (SELECT FROM pg_database d WHERE datname = current_database() AND datdba = r.oid)
           OR EXISTS (SELECT FROM pg_namespace n WHERE nspname = 'public' AND nspowner = r.oid)
           OR EXISTS (SELECT FROM pg_class c WHERE relnamespace = 'public'::regnamespace
                      AND relowner = r.oid)
           OR EXISTS (SELECT FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
                      AND proowner = r.oid)
      FROM pg_roles r WHERE pg_has_role(:role, r.oid, 'MEMBER')
""")
"""Each role that it can be: its name, whether that bypasses row-level security or grants rights,
and whether it owns what the guards protect.
"""


class AppRoleNotFit(SystemExit):
    """DATABASE_URL names a role that is not there, or that is as good as the owner."""


def apply(link: sa.Connection, *, app_role: str | None) -> None:
    """Make the functions, and give the role what it needs and no more.

    Raises:
        AppRoleNotFit.
    """
    for function in FUNCTIONS:
        link.exec_driver_sql(function.definition())
        link.exec_driver_sql(f"REVOKE ALL ON FUNCTION {_signature(function.name)} FROM PUBLIC")
    for name in MADE_BY_MIGRATIONS:
        link.exec_driver_sql(f"REVOKE ALL ON FUNCTION {_signature(name)} FROM PUBLIC")
    if app_role is None:
        return
    check(link, app_role=app_role)
    role = link.dialect.identifier_preparer.quote_identifier(app_role)
    close_schema(link, app_role=app_role)
    link.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
    for table in (*db.metadata.tables, "alembic_version"):
        given = TABLES.get(table, USUAL)
        if given:
            link.exec_driver_sql(f"GRANT {given} ON public.{table} TO {role}")
    for name in (*(function.name for function in FUNCTIONS), *MADE_BY_MIGRATIONS):
        link.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION {_signature(name)} TO {role}")


def remove_functions(link: sa.Connection) -> None:
    """Take the functions away, before a migration changes what they read."""
    for function in FUNCTIONS:
        link.exec_driver_sql(f"DROP FUNCTION IF EXISTS {_signature(function.name)}")


def _signature(name: str) -> str:
    """No two functions of ours share a name, so that it needs no arguments."""
    return f"public.{name}"


def check(link: sa.Connection, *, app_role: str) -> None:
    """Make sure that the role, and whatever it is a member of, is a plain one that owns nothing.

    Raises:
        AppRoleNotFit.
    """
    known = sa.text("SELECT FROM pg_roles WHERE rolname = :role")
    if link.execute(known, {"role": app_role}).first() is None:
        raise AppRoleNotFit(f"The role {app_role!r} of DATABASE_URL does not exist: create it.")
    for name, has_rights, owns in link.execute(_UNFIT, {"role": app_role}):
        through = "" if name == app_role else f" through {name!r}"
        if has_rights:
            raise AppRoleNotFit(
                f"The role {app_role!r} of DATABASE_URL has the owner's rights or more{through}: "
                "use a plain role that is no member of such a one."
            )
        if owns:
            raise AppRoleNotFit(
                f"The role {app_role!r} of DATABASE_URL owns the database or something in it"
                f"{through}: give it to the owner (REASSIGN OWNED)."
            )


def close_schema(link: sa.Connection, *, app_role: str) -> None:
    """Let the role make nothing in `public`, where it could stand in for something of ours.

    Raises:
        AppRoleNotFit: that is somebody else's to take back.
    """
    role = link.dialect.identifier_preparer.quote_identifier(app_role)
    link.exec_driver_sql(f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}")
    query = sa.text("SELECT has_schema_privilege(:role, 'public', 'CREATE')")
    if link.execute(query, {"role": app_role}).scalar_one():
        raise AppRoleNotFit(
            f"The role {app_role!r} of DATABASE_URL may create things in the schema public: as the "
            f"superuser, REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}."
        )
