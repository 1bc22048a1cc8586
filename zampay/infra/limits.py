"""How often one may ask: per key, per address for what is open to all and for failed keys.

Counted in Redis so that all web processes share a count; without Redis each counts for itself.
"""

import hashlib

from flask import Flask, Response, request
from flask_limiter import ApplicationLimit, Limiter
from flask_limiter.constants import HeaderNames

UNAUTHORIZED = 401
HEADERS = {
    HeaderNames.LIMIT: "RateLimit-Limit",
    HeaderNames.REMAINING: "RateLimit-Remaining",
    HeaderNames.RESET: "RateLimit-Reset",
    HeaderNames.RETRY_AFTER: "Retry-After",
}


def address() -> str:
    """The address of the client, as the trusted proxies tell it."""
    return request.remote_addr or "unknown"


def caller() -> str:
    """The key that is presented (its hash), or the address of a caller without one."""
    presented = request.headers.get("Authorization")
    return hashlib.sha256(presented.encode()).hexdigest() if presented else address()


def init(app: Flask, *, url: str, per_key: str, per_address: str, registering: str) -> None:
    """Limit every authenticated route per key, and registration (the endpoint `registering`) and
    refused authentication per address. Callbacks, health and documents are left alone.
    """
    Limiter(
        key_func=caller,
        app=app,
        application_limits=[
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
                scope="refused",
                exempt_when=_brings_no_key,
                deduct_when=_was_refused,
            ),
        ],
        headers_enabled=True,
        header_name_mapping=HEADERS,
        strategy="fixed-window",
        storage_uri=url,
        storage_options={"socket_connect_timeout": 1, "socket_timeout": 1},
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        retry_after="delta-seconds",
        key_prefix="limit",
    )


def _brings_no_key() -> bool:
    return "Authorization" not in request.headers


def _was_refused(answer: Response) -> bool:
    return answer.status_code == UNAUTHORIZED
