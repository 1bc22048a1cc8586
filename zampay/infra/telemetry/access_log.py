"""One line and one measurement for every request: who, which route, what came of it, how long.

The route is the rule, never the path: paths hold tokens, and anything that a stranger types.
"""

import structlog
from flask import Flask, Response, g, request

from zampay.infra.telemetry import metrics
from zampay.kernel import clock, ids

log = structlog.get_logger()
NO_ROUTE = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SERVER_ERROR = 500


def init(app: Flask) -> None:
    """Install first: then the clock starts before all else, and the line is written after all."""
    app.before_request(_start)
    app.after_request(_tell)


def concerning(transfer_id: str) -> None:
    """Name the payment that this request is about in its line and in all that follow."""
    structlog.contextvars.bind_contextvars(transfer_id=transfer_id)


def _start() -> None:
    g.started_s = clock.monotonic_s()


def _tell(answer: Response) -> Response:
    """Tell of it; an answer that is ready goes out whether or not it can be told of."""
    try:
        route = request.url_rule.rule if request.url_rule else NO_ROUTE
        named = (request.view_args or {}).get("payment_id", "")
        if ids.is_id("pay", named):
            concerning(named)
        told(request.method, route, answer.status_code, started_s=g.started_s)
    except Exception:
        log.exception("not_told")
    return answer


def told(method: str, route: str, status: int, *, started_s: float, **more: str) -> None:
    """Write the line and count."""
    duration_s = clock.monotonic_s() - started_s
    known = method if method in METHODS else "other"
    duration_ms = round(duration_s * 1000, 1)
    tell = log.error if status >= SERVER_ERROR else log.info
    tell("request", method=known, route=route, status=status, duration_ms=duration_ms, **more)
    metrics.REQUESTS.labels(known, route, str(status)).inc()
    metrics.REQUEST_SECONDS.labels(known, route).observe(duration_s)
