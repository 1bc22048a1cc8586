"""One line and one measurement for every request: who, which route, what came of it, how long.

The route is the rule, never the path: paths hold tokens, and anything that a stranger types.
"""

import structlog
from flask import Flask, Response, g, request

from zampay.infra import metrics
from zampay.kernel import clock, ids

log = structlog.get_logger()
NO_ROUTE = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SERVER_ERROR = 500


def init(app: Flask) -> None:
    """Install first: then the clock starts before all else, and the line is written after all."""
    app.before_request(_start)
    app.after_request(_tell)


def concerning(payment_id: str) -> None:
    """Name the payment that this request is about in its line and in all that follow."""
    structlog.contextvars.bind_contextvars(payment_id=payment_id)


def _start() -> None:
    g.started_s = clock.monotonic_s()


def _tell(answer: Response) -> Response:
    """Tell of it; an answer that is ready goes out whether or not it can be told of."""
    try:
        _tell_and_count(answer)
    except Exception:
        log.exception("not_told")
    return answer


def _tell_and_count(answer: Response) -> None:
    duration_s = clock.monotonic_s() - g.started_s
    route = request.url_rule.rule if request.url_rule else NO_ROUTE
    method = request.method if request.method in METHODS else "other"
    named = (request.view_args or {}).get("payment_id", "")
    if ids.is_id("pay", named):
        concerning(named)
    tell = log.error if answer.status_code >= SERVER_ERROR else log.info
    tell(
        "request",
        method=method,
        route=route,
        status=answer.status_code,
        duration_ms=round(duration_s * 1000, 1),
    )
    metrics.REQUESTS.labels(method, route, str(answer.status_code)).inc()
    metrics.REQUEST_SECONDS.labels(method, route).observe(duration_s)
