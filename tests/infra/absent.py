"""A Redis that is away, for as long as a block lasts."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from zampay.infra.redis import redis_client


@contextmanager
def redis_away(app: Flask) -> Iterator[None]:
    """Nobody listens at the address of Redis."""
    there = {name: app.extensions[name] for name in ("redis", "redis_pause")}
    redis_client.init(app, url="redis://127.0.0.1:1/0")
    try:
        yield
    finally:
        app.extensions["redis"].close()
        app.extensions.update(there)
