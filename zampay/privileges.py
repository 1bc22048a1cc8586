"""What the role of web and worker may do in the database, where another role owns the tables.

Applied after every migration (`migrations/env.py`), so that what is missing here is missing in
every test of the two roles. A table that is not named gets `USUAL`; nothing may be deleted but by
`forget_deliveries`. On a platform with one role that owns everything, only the functions are made.
"""

from typing import Final

import sqlalchemy as sa

from zampay.infra.db import db
from zampay.payments import due, gauges, history, invariants, today_gauges
from zampay.payments import queries as payment_queries
from zampay.tenants import audit_chain
from zampay.tenants import queries as tenant_queries
from zampay.webhooks import gauges as webhook_gauges
from zampay.webhooks import queries as webhook_queries

FUNCTIONS: Final = (
    tenant_queries.TENANT_OF_KEY,
    payment_queries.TENANT_OF_CALLBACK,
    *due.STREAMS.values(),
    *due.DUE.values(),
    webhook_queries.DUE_DELIVERIES,
    webhook_queries.FORGET_DELIVERIES,
    gauges.PAYMENTS_OWED,
    gauges.DISCREPANCIES_OPEN,
    today_gauges.PAYMENTS_SINCE,
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
    "payment_moves": "SELECT, INSERT",
    "events": "SELECT, INSERT",
    "idempotency_keys": "SELECT, INSERT",
    "payment_metadata": "SELECT, INSERT",
    "alembic_version": "SELECT",
}
"""Without a right to change some column of it, a row could not be locked either."""


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
    _check(link, app_role)
    role = link.dialect.identifier_preparer.quote_identifier(app_role)
    link.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
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


def _check(link: sa.Connection, app_role: str) -> None:
    query = sa.text(
        "SELECT pg_has_role(oid, current_user, 'MEMBER') OR rolsuper OR rolbypassrls"
        " FROM pg_roles WHERE rolname = :role"
    )
    row = link.execute(query, {"role": app_role}).one_or_none()
    if row is None:
        raise AppRoleNotFit(f"The role {app_role!r} of DATABASE_URL does not exist: create it.")
    if row[0]:
        raise AppRoleNotFit(
            f"The role {app_role!r} of DATABASE_URL has the owner's rights: use a plain role that "
            "is no member of it."
        )
