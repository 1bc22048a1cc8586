"""How far this host's clock is from the database's, which alone decides about payments.

Nothing of ours waits for a host's clock, but certificates and the times in logs do.
"""

from datetime import datetime

import sqlalchemy as sa

from zampay.kernel import clock

LARGE_S = 5.0
_NOW = sa.text("SELECT clock_timestamp()")


def seconds(link: sa.Connection) -> float:
    """Positive when this host is ahead; good to half of the time that asking takes."""
    before = clock.utcnow()
    theirs: datetime = link.execute(_NOW).scalar_one()
    after = clock.utcnow()
    return (before + (after - before) / 2 - theirs).total_seconds()
