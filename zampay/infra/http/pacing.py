"""At most so many calls a second, across all workers: one slot after another, handed out by Redis.

The slots are spaced evenly (a leaky bucket of size one), in Redis's own time, so that workers
whose clocks differ still share one pace. A slot further away than the pace can give was left by a
Redis with another clock, and counts for nothing; nor does anything that is no slot.
"""

import redis

from zampay.infra.redis.redis_client import client
from zampay.kernel import clock

LONGEST_WAIT_S = 1.0
_AWAY_S = 5.0

_NEXT_SLOT = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local kept = redis.pcall('GET', KEYS[1])
local slot = type(kept) == 'string' and tonumber(kept) or 0
local last = now + tonumber(ARGV[2]) + 2 * tonumber(ARGV[1])
if not (slot >= now and slot <= last) then slot = now end
local wait = slot - now
if wait > tonumber(ARGV[2]) then return -wait end
redis.call('SET', KEYS[1], string.format('%.0f', slot + ARGV[1]), 'PX', 60000)
return wait
"""


def wait_for_turn(name: str, *, per_second: float) -> float | None:
    """Wait for the next slot of the pace called `name`.

    Returns:
        None when the turn has come; otherwise the seconds after which to try again, because the
        next slot is further away than a worker should sleep, or because Redis is away.
    """
    spacing_us, longest_us = 1_000_000 / per_second, LONGEST_WAIT_S * 1_000_000
    try:
        wait_us = int(client().eval(_NEXT_SLOT, 1, f"pacing:{name}", spacing_us, longest_us))
    except redis.RedisError:
        return _AWAY_S
    if wait_us < 0:
        return -wait_us / 1_000_000
    clock.sleep(wait_us / 1_000_000)
    return None
