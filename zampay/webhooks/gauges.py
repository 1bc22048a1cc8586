"""What Prometheus reads about deliveries at every scrape."""

from collections.abc import Iterator

import sqlalchemy as sa

from zampay.infra.database.definer import Function
from zampay.infra.health.gauges import Reading

DELIVERIES_OWED = Function(
    "deliveries_owed",
    takes="",
    gives="due bigint, longest_due_s numeric",
    body="""
        SELECT count(*), coalesce(extract(epoch FROM now() - min(d.due_at)), 0)
          FROM public.webhook_deliveries d
         WHERE d.due_at <= now()
    """,
)


def readings(link: sa.Connection) -> Iterator[Reading]:
    """How many deliveries are owed now, and for how long."""
    row = link.execute(DELIVERIES_OWED.rows()).one()
    yield Reading("zampay_webhook_deliveries_due", "Deliveries that are owed now.", row.due)
    yield Reading(
        "zampay_webhook_deliveries_longest_due_seconds",
        "For how long the delivery that waits longest has been owed.",
        float(row.longest_due_s),
    )
