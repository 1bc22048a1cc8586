"""Sentry, for web and workers alike, when the operator has one: errors with their stack, scrubbed.

Bodies, cookies, query strings, local variables and breadcrumbs of other libraries never go; what
goes passes the same net as the logs. Networks and merchants whom we call see nothing of it.
"""

from typing import Any

import sentry_sdk
import structlog
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import Transport

from zampay.infra.telemetry.redaction import redact

KEPT_HEADERS = frozenset({"content-type", "user-agent", "x-request-id", "x-tenant-id"})
TAGS = frozenset(
    {"request_id", "tenant_id", "key_id", "transfer_id", "endpoint_id", "delivery_id", "task"}
)
DEPTH = 16
COLLECTED: Any = {
    "user_info": False,
    "cookies": {"mode": "off"},
    "url_query_params": {"mode": "off"},
    "http_bodies": [],
    "database_query_data": False,
    "queues": False,
    "stack_frame_variables": False,
}


def init(*, dsn: str | None, environment: str, transport: Transport | None = None) -> None:
    """Start reporting; without a DSN nothing is sent, ever. `transport` is for tests."""
    if not dsn:
        return
    sentry_sdk.init(
        dsn,
        environment=environment,
        transport=transport,
        data_collection=COLLECTED,
        max_breadcrumbs=0,
        trace_propagation_targets=[],
        before_send=before_send,
        integrations=[LoggingIntegration(level=None, event_level=None)],
    )


def before_send(event: Any, _hint: Any) -> Any:
    """The event as it may leave: no body, no query, few headers, and all texts scrubbed. As tags it
    carries what the log lines of the same request or task carry.
    """
    context = structlog.contextvars.get_contextvars()
    about = {name: context[name] for name in sorted(TAGS & context.keys())}
    event["tags"] = {**(event.get("tags") or {}), **about}
    request = event.get("request")
    if isinstance(request, dict):
        headers = request.get("headers") or {}
        event["request"] = {
            "method": request.get("method"),
            "url": str(request.get("url", "")).partition("?")[0],
            "headers": {
                name: value for name, value in headers.items() if name.lower() in KEPT_HEADERS
            },
        }
    event.pop("breadcrumbs", None)
    event.pop("user", None)
    return redact(event, depth=DEPTH)
