"""What workers and Prometheus ask of the whole database, for the rows G1: the functions that choose
due work, and those behind the gauges.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from dev.servers import as_postgresql
from dev.stack import Stack
from zampay.infra.database.definer import Function
from zampay.kernel import clock, ids
from zampay.transfers import due, invariants, today_gauges
from zampay.transfers import gauges as transfer_gauges
from zampay.webhooks import gauges as delivery_gauges
from zampay.webhooks.delivery.queries import DUE_ENDPOINTS

Question = Callable[[], object]
AT_ONCE = 32
"""As many slots as a worker has for a stream, unless told otherwise; while it is behind, each call
that ends chooses one.
"""
_STREAM = {"network": "MTN", "wallet": "deployment", "is_live": True}
_MORE = {"longest_due": due.LONGEST_DUE, "served": [], "passed": []}


@contextmanager
def asking(stack: Stack) -> Iterator[sa.Connection]:
    """A connection as the application's own role."""
    url = as_postgresql(stack.servers.database_url)
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
        yield link
    engine.dispose()


def choosing(link: sa.Connection) -> Mapping[str, Question]:
    """Which streams there are, which rows are next, and which endpoints are owed something."""
    streams = {function.name: _ask(link, function) for function in due.STREAMS.values()}
    rows = {
        f"{one.name}, at most {most}": _ask(link, one, most=most, **_STREAM, **_MORE)
        for one in due.DUE.values()
        for most in (1, AT_ONCE)
    }
    return {**streams, **rows, "due_endpoints": _ask(link, DUE_ENDPOINTS, most=AT_ONCE)}


def gauges(link: sa.Connection) -> Mapping[str, Question]:
    """At each scrape; and those that are kept for a minute."""
    now_s = clock.utcnow().timestamp()
    today = {"since": ids.first_of("pay", now_s - now_s % 86400)}
    return {
        "gauges, transfers_owed": _ask(link, transfer_gauges.TRANSFERS_OWED),
        "gauges, discrepancies_open": _ask(link, transfer_gauges.DISCREPANCIES_OPEN),
        "gauges, deliveries_owed": _ask(link, delivery_gauges.DELIVERIES_OWED),
        "gauges once a minute, today": _ask(link, today_gauges.TRANSFERS_SINCE, **today),
        "gauges once a minute, invariants": lambda: invariants.count(link, of_the_last_hours=True),
    }


def _ask(link: sa.Connection, function: Function, **named: Any) -> Question:
    lists = [
        sa.bindparam(name, type_=sa.ARRAY(sa.Text))
        for name, value in named.items()
        if isinstance(value, list)
    ]
    statement = function.rows().bindparams(*lists)
    return lambda: link.execute(statement, named).all()
