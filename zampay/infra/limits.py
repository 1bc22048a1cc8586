"""How often one may ask: per key, per address for what is open to all and for failed keys.

Counted in Redis so that all web processes share a count; without Redis each counts for itself.
"""

import contextlib
import hashlib
import ipaddress
import math
from collections.abc import Mapping
from functools import partial

import redis
from flask import Flask, Response, request
from flask_limiter import ApplicationLimit, Limiter
from limits import RateLimitItem, parse

from zampay.infra import bearer
from zampay.infra.problems import of_status
from zampay.kernel import clock

UNAUTHORIZED = 401
TOO_MANY = 429
REFUSED = "refused"


def address() -> str:
    """The address of the client, as the trusted proxies tell it; of IPv6 its /64, which is what one
    customer of a provider gets (RFC 6177).
    """
    told = request.remote_addr or "unknown"
    try:
        found = ipaddress.IPv6Address(told)
    except ValueError:
        return told
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, 64), strict=False))


def caller() -> str:
    """The key that is presented (its hash), however the header is written; the address of a caller
    without one.
    """
    header = request.headers.get("Authorization", "")
    presented = bearer.token(header) or header
    return hashlib.sha256(presented.encode()).hexdigest() if presented else address()


def init(
    app: Flask,
    *,
    url: str,
    per_key: str,
    per_address: str,
    registering: str,
    by_route: Mapping[str, str],
) -> None:
    """Limit every authenticated route per key, and registration (the endpoint `registering`) and
    refused authentication per address. Callbacks, health and documents are left alone. `by_route`:
    endpoints with a limit of their own per key, because they cost more than others.
    """
    limiter = Limiter(
        key_func=caller,
        app=app,
        application_limits=[
            *_limits(per_key, per_address, registering),
            *[_of_route(endpoint, limit) for endpoint, limit in by_route.items()],
        ],
        strategy="fixed-window",
        storage_uri=url,
        storage_options={
            "socket_connect_timeout": 1,
            "socket_timeout": 1,
            "encoding_errors": "replace",
        },
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        key_prefix="limit",
    )
    app.after_request(partial(_bound_refusals, limiter, parse(per_address)))
    app.after_request(partial(_tell, limiter))


def _limits(per_key: str, per_address: str, registering: str) -> list[ApplicationLimit]:
    return [
        ApplicationLimit(per_key, exempt_when=_brings_no_key),
        ApplicationLimit(
            per_address,
            key_function=address,
            scope="registration",
            exempt_when=lambda: request.endpoint != registering,
        ),
    ]


def _of_route(endpoint: str, limit: str) -> ApplicationLimit:
    return ApplicationLimit(
        limit, scope=endpoint, exempt_when=lambda: _brings_no_key() or request.endpoint != endpoint
    )


def _tell(limiter: Limiter, answer: Response) -> Response:
    """The headers of the limit that was reached, or of the caller's own; the extension's would put
    Retry-After on every answer, and stretch that of a 503 to the end of the window.
    """
    reached = [limit for limit in limiter.current_limits if limit.breached]
    shown = next(iter(reached + limiter.current_limits), None)
    if shown is None:
        return answer
    with contextlib.suppress(redis.RedisError):
        return _headed(answer, shown.limit.amount, shown.window, breached=shown.breached)
    return answer


def _bound_refusals(limiter: Limiter, limit: RateLimitItem, answer: Response) -> Response:
    """After so many refusals an address only hears 429. A good key from there is still heard: one
    broken client must not stop a whole shop, and nobody guesses 240 random bits.
    """
    if answer.status_code != UNAUTHORIZED:
        return answer
    counted = (limit, REFUSED, address())
    with contextlib.suppress(redis.RedisError):
        if limiter.limiter.hit(*counted):
            return answer
        window = limiter.limiter.get_window_stats(*counted)
        return _headed(of_status(TOO_MANY), limit.amount, window, breached=True)
    return answer


def _headed(
    answer: Response, amount: int, window: tuple[float, int], *, breached: bool
) -> Response:
    """RateLimit headers, in seconds as Retry-After is."""
    reset_at, remaining = window
    wait_s = max(1, math.ceil(reset_at - clock.utcnow().timestamp()))
    answer.headers["RateLimit-Limit"] = str(amount)
    answer.headers["RateLimit-Remaining"] = str(remaining)
    answer.headers["RateLimit-Reset"] = str(wait_s)
    if breached:
        answer.headers["Retry-After"] = str(wait_s)
    return answer


def _brings_no_key() -> bool:
    return "Authorization" not in request.headers
