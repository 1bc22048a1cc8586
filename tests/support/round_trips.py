"""Counting how often the application waits for PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from zampay.infra.database.timeouts import Connection


@dataclass
class RoundTrips:
    """How many there were so far."""

    count: int = 0


@contextmanager
def round_trips() -> Iterator[RoundTrips]:
    """Count them during the block, in all threads."""
    made, wait = RoundTrips(), Connection.wait

    def noted(exchange: Any) -> Any:
        """The exchange, noted if there is anything to wait for."""
        try:
            wanted = next(exchange)
            made.count += 1
            while True:
                wanted = exchange.send((yield wanted))
        except StopIteration as end:
            return end.value

    def counted(connection: Connection, exchange: Any, *args: Any, **kwargs: Any) -> Any:
        return wait(connection, noted(exchange), *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "wait", counted)
        yield made
