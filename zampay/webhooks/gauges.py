"""What Prometheus reads about deliveries at every scrape."""

from collections.abc import Iterator

import sqlalchemy as sa

from zampay.infra.gauges import Reading

_DUE = sa.text("""
    SELECT count(*) AS due, coalesce(extract(epoch FROM now() - min(due_at)), 0) AS longest_due_s
      FROM webhook_deliveries
     WHERE due_at <= now()
""")


def readings(link: sa.Connection) -> Iterator[Reading]:
    """How many deliveries are owed now, and for how long."""
    row = link.execute(_DUE).one()
    yield Reading("zampay_webhook_deliveries_due", "Deliveries that are owed now.", row.due)
    yield Reading(
        "zampay_webhook_deliveries_longest_due_seconds",
        "For how long the delivery that waits longest has been owed.",
        float(row.longest_due_s),
    )
