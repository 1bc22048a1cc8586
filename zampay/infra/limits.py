"""How often one may ask: per key, per address for what is open to all and for failed keys.

Counted in Redis so that all web processes share a count; without Redis each counts for itself.
"""

import hashlib
import ipaddress
import math
from collections.abc import Mapping, Sequence

import redis
from flask import Flask, Response, request
from flask_limiter import ApplicationLimit, Limiter, RequestLimit

from zampay.infra import bearer
from zampay.kernel import clock

UNAUTHORIZED = 401
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
        storage_options={"socket_connect_timeout": 1, "socket_timeout": 1},
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        key_prefix="limit",
    )
    app.after_request(lambda answer: _tell(limiter, answer))


def _limits(per_key: str, per_address: str, registering: str) -> list[ApplicationLimit]:
    return [
        ApplicationLimit(per_key, exempt_when=_brings_no_key),
        ApplicationLimit(
            per_address,
            key_function=address,
            scope="registration",
            exempt_when=lambda: request.endpoint != registering,
        ),
        ApplicationLimit(
            per_address,
            key_function=address,
            scope=REFUSED,
            exempt_when=_brings_no_key,
            deduct_when=_was_refused,
        ),
    ]


def _of_route(endpoint: str, limit: str) -> ApplicationLimit:
    return ApplicationLimit(
        limit, scope=endpoint, exempt_when=lambda: _brings_no_key() or request.endpoint != endpoint
    )


def _tell(limiter: Limiter, answer: Response) -> Response:
    """RateLimit headers, in seconds as Retry-After is; the extension's own would put Retry-After
    on every answer, and stretch that of a 503 to the end of the window.
    """
    shown = _shown(limiter.current_limits)
    if shown is None:
        return answer
    try:
        reset_at, remaining = shown.window
    except redis.RedisError:
        return answer
    wait_s = max(1, math.ceil(reset_at - clock.utcnow().timestamp()))
    answer.headers["RateLimit-Limit"] = str(shown.limit.amount)
    answer.headers["RateLimit-Remaining"] = str(remaining)
    answer.headers["RateLimit-Reset"] = str(wait_s)
    if shown.breached:
        answer.headers["Retry-After"] = str(wait_s)
    return answer


def _shown(limits: Sequence[RequestLimit]) -> RequestLimit | None:
    """The limit that was reached, or the caller's own; the count of refusals shows only then."""
    reached = [limit for limit in limits if limit.breached]
    own = [limit for limit in limits if limit.request_args[-1] != REFUSED]
    return next(iter(reached + own), None)


def _brings_no_key() -> bool:
    return "Authorization" not in request.headers


def _was_refused(answer: Response) -> bool:
    return answer.status_code == UNAUTHORIZED
