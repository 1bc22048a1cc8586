"""How often one may ask: per key, per tenant (all its keys together), per address for what is open
to all and for failed keys.

Counted in Redis so that all web processes share a count; without Redis each counts for itself.
"""

import contextlib
import hashlib
import math
from collections.abc import Mapping
from functools import partial

import redis
from flask import Flask, Response, current_app, g, request
from flask_limiter import ApplicationLimit, Limiter
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, RateLimiter
from werkzeug.exceptions import TooManyRequests

from zampay.infra.web import bearer
from zampay.infra.web.problems import of_status
from zampay.kernel import addresses, clock

UNAUTHORIZED = 401
TOO_MANY = 429
REFUSED = "refused"
TENANT = "tenant"


class TenantLimits:
    """What a tenant may ask with all its keys together, whatever it asks and of some endpoints."""

    def __init__(self, limiter: Limiter, *, each: str, by_route: Mapping[str, str]) -> None:
        self._limiter = limiter
        self._each = parse(each)
        self._by_route = {endpoint: parse(limit) for endpoint, limit in by_route.items()}
        self._alone = FixedWindowRateLimiter(MemoryStorage())

    def count(self, tenant_id: str, endpoint: str) -> None:
        """Count one request.

        Raises:
            TooManyRequests.
        """
        of_route = self._by_route.get(endpoint)
        if of_route is not None:
            self._require(of_route, TENANT, tenant_id, endpoint)
        self._require(self._each, TENANT, tenant_id)

    def wait_for_s(self, limit: RateLimitItem, *counted: str) -> int | None:
        """Count one act: None where there was room, else the seconds until there is."""
        window = self._hit(limit, *counted)
        return None if window is None else _seconds_until(window[0])

    def _require(self, limit: RateLimitItem, *counted: str) -> None:
        window = self._hit(limit, *counted)
        if window is not None:
            g.limit_reached = (limit.amount, window)
            raise TooManyRequests

    def _hit(self, limit: RateLimitItem, *counted: str) -> tuple[float, int] | None:
        """None, or the window (its end, what remains) in which there is no room."""
        try:
            return _hit(self._limiter.limiter, limit, *counted)
        except redis.RedisError:
            return _hit(self._alone, limit, *counted)


def address() -> str:
    """The address of the client, as the trusted proxies tell it; of IPv6 the network that one
    customer of a provider gets.
    """
    found = addresses.read(request.remote_addr)
    return "unknown" if found is None else addresses.customer(found)


def caller() -> str:
    """The key that is presented (its hash), however the header is written; the address of a caller
    without one.
    """
    header = request.headers.get("Authorization", "")
    presented = bearer.token(header) or header
    return hashlib.sha256(presented.encode()).hexdigest() if presented else address()


def _hit(limiter: RateLimiter, limit: RateLimitItem, *counted: str) -> tuple[float, int] | None:
    return None if limiter.hit(limit, *counted) else limiter.get_window_stats(limit, *counted)


def init(
    app: Flask,
    *,
    url: str,
    per_key: str,
    per_tenant: str,
    per_address: str,
    registering: str,
    by_route: Mapping[str, str],
) -> None:
    """Limit every authenticated route per key and per tenant (see `count_tenant`), and registration
    (the endpoint `registering`) and refused authentication per address. Callbacks, health and
    documents are left alone. `by_route`: endpoints with a limit of their own per tenant, because
    they cost more than others.
    """
    limiter = Limiter(
        key_func=caller,
        app=app,
        application_limits=[*_limits(per_key, per_address, registering)],
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
    app.extensions["tenant_limits"] = TenantLimits(limiter, each=per_tenant, by_route=by_route)
    app.after_request(partial(_bound_refusals, limiter, parse(per_address)))
    app.after_request(partial(_tell, limiter))


def count_tenant(tenant_id: str) -> None:
    """Count this request for the tenant whose key it brought: to be called once that is known.

    Raises:
        TooManyRequests.
    """
    counts: TenantLimits = current_app.extensions["tenant_limits"]
    counts.count(tenant_id, request.endpoint or "")


def wait_for_s(limit: str, *counted: str) -> int | None:
    """Count one act of this kind, whoever it is for: None where it may be done, else for how many
    seconds there is no room.
    """
    counts: TenantLimits = current_app.extensions["tenant_limits"]
    return counts.wait_for_s(parse(limit), *counted)


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


def _tell(limiter: Limiter, answer: Response) -> Response:
    """The headers of the limit that was reached, or of the caller's own; the extension's would put
    Retry-After on every answer, and stretch that of a 503 to the end of the window.
    """
    if "limit_reached" in g:
        return _headed(answer, *g.limit_reached, breached=True)
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
    wait_s = _seconds_until(reset_at)
    answer.headers["RateLimit-Limit"] = str(amount)
    answer.headers["RateLimit-Remaining"] = str(remaining)
    answer.headers["RateLimit-Reset"] = str(wait_s)
    if breached:
        answer.headers["Retry-After"] = str(wait_s)
    return answer


def _seconds_until(epoch_s: float) -> int:
    return max(1, math.ceil(epoch_s - clock.utcnow().timestamp()))


def _brings_no_key() -> bool:
    return "Authorization" not in request.headers
