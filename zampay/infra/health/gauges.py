"""What is read at the moment of a scrape: from the database by a few cheap queries, from Redis.

A feature offers a `Source`; the application collects them. What cannot be read is left out, and
counted: no number is better than a wrong one. Nothing is kept: a `Gauge` of prometheus_client would
write into the files that web processes share, and the next scrape would show the past beside it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import redis
import sqlalchemy as sa
import structlog
from flask import current_app
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from zampay.infra.health import clock_skew, health_connection
from zampay.infra.queue import heartbeat
from zampay.infra.queue.worker import QUEUES
from zampay.infra.redis import redis_client
from zampay.infra.telemetry import metrics

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a gauge: its name, what it means, its labels."""

    name: str
    means: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


Source = Callable[[sa.Connection], Iterable[Reading]]


class Present(Collector):
    """Every gauge as it is when it is collected; within an application's context."""

    def collect(self) -> Iterator[Metric]:
        """One family for each name."""
        families: dict[str, GaugeMetricFamily] = {}
        for reading in [*_from_database(), *_queues()]:
            names = sorted(reading.labels)
            if reading.name not in families:
                families[reading.name] = GaugeMetricFamily(
                    reading.name, reading.means, labels=names
                )
            families[reading.name].add_metric(
                [reading.labels[name] for name in names], reading.value
            )
        yield from families.values()


def _from_database() -> list[Reading]:
    sources: tuple[Source, ...] = current_app.extensions["gauges"]
    found: list[Reading] = []
    try:
        with health_connection.connection() as link:
            for source in (*sources, _heartbeats, _clock):
                found.extend(source(link))
    except sa.exc.SQLAlchemyError as error:
        metrics.GAUGES_FAILED.inc()
        log.warning("gauges_failed", reason=type(error).__name__)
    return found


def _heartbeats(link: sa.Connection) -> Iterator[Reading]:
    for row in link.execute(heartbeat.AGES):
        yield Reading(
            "zampay_heartbeat_age_seconds",
            "Since a worker last ran a task, and since beat last ticked.",
            float(row.age_s),
            {"role": row.role},
        )


def _clock(link: sa.Connection) -> Iterator[Reading]:
    yield Reading(
        "zampay_clock_skew_seconds",
        "How far the clock of this host is ahead of the database's.",
        clock_skew.seconds(link),
    )


def _queues() -> Iterator[Reading]:
    for queue in QUEUES:
        try:
            depth = redis_client.client().llen(queue)
        except redis.RedisError:
            return
        yield Reading(
            "zampay_queue_depth",
            "Messages that no worker has taken yet.",
            float(depth),
            {"queue": queue},
        )
