"""How often one may ask: per key, per tenant (all its keys together), per address for what is open
to all and for failed keys.

Counted in Redis so that all web processes share a count; without Redis each counts for itself.
"""

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import redis
from flask import Flask, Response, current_app, g, request
from flask_limiter import ApplicationLimit, Limiter
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from zampay.infra.redis import redis_client
from zampay.infra.web.problems import of_status
from zampay.kernel import addresses, clock

UNAUTHORIZED = 401
TOO_MANY = 429
REFUSED = "refused"
TENANT = "tenant"


class Counts:
    """What is counted by key, tenant and act: all that one request counts in one call of Redis."""

    def __init__(self, *, per_key: str, per_tenant: str, by_route: Mapping[str, str]) -> None:
        self._per_key, self._per_tenant = parse(per_key), parse(per_tenant)
        self._by_route = {endpoint: parse(limit) for endpoint, limit in by_route.items()}
        self._alone = FixedWindowRateLimiter(MemoryStorage())

    def count(self, *, key_id: str, tenant_id: str, endpoint: str) -> None:
        """Count one request, and keep for its headers what is left to the key.

        Raises:
            TooManyRequests.
        """
        wanted = [_Count(self._per_key, "key", key_id)]
        of_route = self._by_route.get(endpoint)
        if of_route is not None:
            wanted.append(_Count(of_route, TENANT, tenant_id, endpoint))
        wanted.append(_Count(self._per_tenant, TENANT, tenant_id))
        windows = self.hit(*wanted)
        last = windows[-1]
        g.limit_told = last if last.breached else windows[0]
        if last.breached:
            raise TooManyRequests

    def hit(self, *wanted: "_Count") -> list["_Window"]:
        """Count each until there is no room in one; without Redis this process counts alone."""
        try:
            with redis_client.unless_it_hangs():
                return _hit_in_redis(wanted)
        except redis.RedisError:
            return self._hit_alone(wanted)

    def _hit_alone(self, wanted: Sequence["_Count"]) -> list["_Window"]:
        windows: list[_Window] = []
        for one in wanted:
            room = self._alone.hit(one.limit, *one.of)
            reset_at, left = self._alone.get_window_stats(one.limit, *one.of)
            windows.append(_Window(one.limit.amount, left, _seconds_until(reset_at), not room))
            if not room:
                break
        return windows


class _Count:
    """One more of something that has a limit."""

    def __init__(self, limit: RateLimitItem, *of: str) -> None:
        self.limit, self.of = limit, of

    @property
    def name(self) -> str:
        """What Redis counts it under."""
        return "/".join(("limit", *self.of, str(self.limit.amount), str(self.limit.get_expiry())))


@dataclass(frozen=True, slots=True)
class _Window:
    """A limit as it stands after the count."""

    amount: int
    left: int
    reset_s: int
    breached: bool


_COUNT_ALL = """
    local told = {}
    for place, name in ipairs(KEYS) do
        local count = redis.call('INCR', name)
        if redis.call('PTTL', name) < 0 then
            redis.call('EXPIRE', name, ARGV[2 * place])
        end
        told[#told + 1] = count
        told[#told + 1] = redis.call('PTTL', name)
        if count > tonumber(ARGV[2 * place - 1]) then break end
    end
    return told
"""


def _hit_in_redis(wanted: Sequence[_Count]) -> list[_Window]:
    names = [one.name for one in wanted]
    limits = [figure for one in wanted for figure in (one.limit.amount, one.limit.get_expiry())]
    told: list[int] = redis_client.client().register_script(_COUNT_ALL)(names, limits)
    windows = []
    for one, count, left_ms in zip(wanted, told[::2], told[1::2], strict=False):
        amount = one.limit.amount
        reset_s = max(1, math.ceil(left_ms / 1000))
        windows.append(_Window(amount, max(0, amount - count), reset_s, count > amount))
    return windows


def address() -> str:
    """The address of the client, as the trusted proxies tell it; of IPv6 the network that one
    customer of a provider gets.
    """
    found = addresses.read(request.remote_addr)
    return "unknown" if found is None else addresses.customer(found)


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
    """Limit every authenticated route per key and per tenant (see `count`), and registration
    (the endpoint `registering`) and refused authentication per address. Callbacks, health and
    documents are left alone. `by_route`: endpoints with a limit of their own per tenant, because
    they cost more than others.
    """
    limiter = Limiter(
        key_func=address,
        app=app,
        application_limits=[
            ApplicationLimit(
                per_address,
                scope="registration",
                exempt_when=lambda: request.endpoint != registering,
            )
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
    app.extensions["counts"] = Counts(per_key=per_key, per_tenant=per_tenant, by_route=by_route)
    app.after_request(partial(_bound_refusals, parse(per_address)))
    app.after_request(partial(_tell, limiter))


def count(*, key_id: str, tenant_id: str) -> None:
    """Count this request for the key that it brought, once that is known, and for its tenant.

    Raises:
        TooManyRequests.
    """
    _counts().count(key_id=key_id, tenant_id=tenant_id, endpoint=request.endpoint or "")


def wait_for_s(limit: str, *counted: str) -> int | None:
    """Count one act of this kind, whoever it is for: None where it may be done, else for how many
    seconds there is no room.
    """
    (window,) = _counts().hit(_Count(parse(limit), *counted))
    return window.reset_s if window.breached else None


def _counts() -> Counts:
    found: Counts = current_app.extensions["counts"]
    return found


def _tell(limiter: Limiter, answer: Response) -> Response:
    """The headers of the limit that was reached, or of the caller's own; the extension's would put
    Retry-After on every answer, and stretch that of a 503 to the end of the window.
    """
    if "limit_told" in g:
        return _headed(answer, g.limit_told)
    shown = next(iter(limiter.current_limits), None)
    if shown is None:
        return answer
    with contextlib.suppress(redis.RedisError):
        reset_at, left = shown.window
        window = _Window(shown.limit.amount, left, _seconds_until(reset_at), shown.breached)
        return _headed(answer, window)
    return answer


def _bound_refusals(limit: RateLimitItem, answer: Response) -> Response:
    """After so many refusals an address only hears 429. A good key from there is still heard: one
    broken client must not stop a whole shop, and nobody guesses 240 random bits.
    """
    if answer.status_code != UNAUTHORIZED:
        return answer
    (window,) = _counts().hit(_Count(limit, REFUSED, address()))
    return _headed(of_status(TOO_MANY), window) if window.breached else answer


def _headed(answer: Response, window: _Window) -> Response:
    """RateLimit headers, in seconds as Retry-After is."""
    answer.headers["RateLimit-Limit"] = str(window.amount)
    answer.headers["RateLimit-Remaining"] = str(window.left)
    answer.headers["RateLimit-Reset"] = str(window.reset_s)
    if window.breached:
        answer.headers["Retry-After"] = str(window.reset_s)
    return answer


def _seconds_until(epoch_s: float) -> int:
    return max(1, math.ceil(epoch_s - clock.utcnow().timestamp()))
