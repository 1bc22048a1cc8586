"""Where Prometheus reads: `/metrics` of the web, and a port of its own for each worker.

Both want the token (METRICS_TOKEN). Without one there is no `/metrics` at all.
"""

import hmac
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from flask import Blueprint, Flask, Response, abort, current_app, request
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from zampay.infra.health import gauges
from zampay.infra.telemetry import metrics_files, shared_metrics
from zampay.infra.web import bearer
from zampay.infra.web.headers import plain_http_too
from zampay.infra.web.problems import problem

log = structlog.get_logger()
page = Blueprint("metrics", __name__)
REFUSAL = b"A valid token is needed.\n"


def init(app: Flask, *, token: str | None, sources: Iterable[gauges.Source]) -> None:
    """Open the page to whoever has the token; `sources` are asked at every scrape."""
    app.extensions["metrics_token"] = token
    app.extensions["gauges"] = tuple(sources)
    app.register_blueprint(page)


@page.get("/metrics")
@plain_http_too
def show() -> Response:
    """Counts of all web processes of this server, and the gauges of the whole gateway."""
    token: str | None = current_app.extensions["metrics_token"]
    if token is None:
        abort(404)
    if not _is_right(request.headers.get("Authorization", ""), token):
        answer = problem(status=401, code="not_authenticated", title="A valid token is needed")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    return Response(generate_latest(_everything()), content_type=CONTENT_TYPE_LATEST)


def _is_right(presented: str, token: str) -> bool:
    """Compared in a time that does not tell how much of it is right."""
    return hmac.compare_digest((bearer.token(presented) or "").encode(), token.encode())


def _everything() -> CollectorRegistry:
    """The present first: if it cannot be read, the same page already counts that."""
    registry = CollectorRegistry()
    registry.register(gauges.Present())
    directory = shared_metrics.directory()
    if directory is None or not directory.is_dir():  # gone: then what this process counts alone
        registry.register(REGISTRY)
    else:
        shared_metrics.forget_the_dead(directory)
        metrics_files.Shared(registry, path=str(directory))  # type: ignore[no-untyped-call]
    return registry


class _Server(ThreadingMixIn, WSGIServer):
    """One thread for each scraper, so that a slow one keeps nobody waiting."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """Scrapes are not worth a line each."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def serve(host: str, port: int, *, token: str) -> WSGIServer | None:
    """Show this process's counts on a port of its own, from a thread; None if it is taken."""
    try:
        server = make_server(host, port, _guarded(token), _Server, _Quiet)
    except OSError as error:
        log.error("metrics_port_taken", port=port, reason=type(error).__name__)  # noqa: TRY400
        return None
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _guarded(token: str) -> Callable[..., list[bytes]]:
    def show_own(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        if environ.get("PATH_INFO") != "/metrics":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"Only /metrics is here.\n"]
        if not _is_right(environ.get("HTTP_AUTHORIZATION", ""), token):
            headers = [("Content-Type", "text/plain"), ("WWW-Authenticate", "Bearer")]
            start("401 Unauthorized", headers)
            return [REFUSAL]
        start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
        return [generate_latest(REGISTRY)]

    return show_own
