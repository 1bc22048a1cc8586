"""A connection outside the pool, with short time-outs and read-only: for health and metrics, which
must answer just when the pool is exhausted or the database is slow.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from flask import Flask, current_app

from zampay.infra import database_errors, patience
from zampay.infra.db import EVERY_TENANT

CONNECT_TIMEOUT_S = 2
STATEMENT_TIMEOUT_S = 2
_LONGER_S = 0.5
_PREPARE = sa.text("""
    SELECT set_config('zampay.tenant_id', :tenant_id, true),
           set_config('statement_timeout', :timeout, true)
""")


def init(app: Flask, *, url: str) -> None:
    """Prepare the engine; nothing is connected before it is needed, and nothing kept after."""
    engine = sa.create_engine(
        url,
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "zampay-probe",
            "tcp_user_timeout": CONNECT_TIMEOUT_S * 1000,
        },
    )
    patience.bound(engine, longest_wait_s=STATEMENT_TIMEOUT_S + _LONGER_S)
    database_errors.keep_values_out(engine)
    app.extensions["probe"] = engine


@contextmanager
def connection(*, statement_timeout_s: int = STATEMENT_TIMEOUT_S) -> Iterator[sa.Connection]:
    """One read-only transaction that sees every tenant's rows.

    Raises:
        sqlalchemy.exc.OperationalError: the database is away, too slow, or hangs.
    """
    engine: sa.Engine = current_app.extensions["probe"]
    with engine.connect() as link:
        patience.extend(link, longest_wait_s=statement_timeout_s + _LONGER_S)
        link.execute(sa.text("SET TRANSACTION READ ONLY"))
        timeout = f"{statement_timeout_s}s"
        link.execute(_PREPARE, {"tenant_id": EVERY_TENANT, "timeout": timeout})
        yield link
