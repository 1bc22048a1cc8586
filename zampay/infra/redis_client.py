"""What processes share through Redis: short locks and short-lived values. All of it may vanish.

Callers say what they do without Redis; nothing here is needed for money to be right.
"""

import redis
import structlog
from flask import Flask, current_app

log = structlog.get_logger()


def init(app: Flask, *, url: str) -> None:
    """Connect lazily, with short timeouts: Redis away must not make a request slow."""
    app.extensions["redis"] = redis.Redis.from_url(
        url,
        socket_connect_timeout=0.5,
        socket_timeout=1,
        health_check_interval=30,
        decode_responses=True,
    )


def client() -> "redis.Redis":
    """The application's Redis client."""
    found: redis.Redis = current_app.extensions["redis"]
    return found


def claim(name: str, *, ttl_s: int) -> bool:
    """Take a short lock; without Redis everybody gets it, and the database decides instead."""
    try:
        return bool(client().set(name, "1", nx=True, ex=ttl_s))
    except redis.RedisError as error:
        log.warning("redis_away", reason=type(error).__name__)
        return True


def release(name: str) -> None:
    """Give a lock back early; without Redis it ends by itself."""
    try:
        client().delete(name)
    except redis.RedisError as error:
        log.warning("redis_away", reason=type(error).__name__)
