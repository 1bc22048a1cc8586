"""One line per event, as JSON outside development.

Secrets and bodies are never logged, and a last step hides what looks like one.

uvicorn's and Celery's own lines go through the same renderer: uvicorn's by `server_log.json` beside
this, because its main process never loads the application, Celery's because we keep it from its
own.
"""

import io
import logging
import os
import sys
from typing import Any

import structlog

from zampay.infra.telemetry.redaction import redact
from zampay.kernel import words

DEVELOPMENT = frozenset({"development", "test"})
REQUEST_ID_HEADER = "X-Request-Id"
OURS = frozenset({"timestamp", "level"})
QUIET_LIBRARIES = (
    "celery",
    "kombu",
    "amqp",
    "flask-limiter",
    "sentry_sdk.errors",
    "alembic.runtime.plugins",
)
TELLS_ADDRESSES = "urllib3"
"""Its lines, at DEBUG and at WARNING, hold whole addresses: a network may take secrets in them."""
_SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def init(*, level: str, readable: bool) -> None:
    """Send structlog and the standard library's logging through one renderer to stdout; beside a
    command, whose answer stands there, to stderr.
    """
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )
    is_command = os.environ.get("FLASK_RUN_FROM_CLI") == "true"  # `flask` and `zampay` set it
    stream = sys.stderr if is_command else sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")  # half a surrogate pair costs no line
    logging.raiseExceptions = False  # a full disk or a closed pipe costs lines, and no stack each
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(readable=readable))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel("WARNING" if level in {"DEBUG", "INFO"} else level)
    logging.getLogger(TELLS_ADDRESSES).setLevel("ERROR")


def caused_by(request_id: str | None) -> None:
    """Tell all that follows in this task under the request that asked for it, whoever rang: the
    sweep often comes before the message.
    """
    if request_id is not None:
        structlog.contextvars.bind_contextvars(request_id=request_id)


def formatter(*, readable: bool) -> logging.Formatter:
    """Renders every record, ours and the libraries', after hiding what must not be in it."""
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        if readable
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_SHARED, _name_the_logger],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _hide,
            renderer,
        ],
    )


def server_formatter() -> logging.Formatter:
    """For the web server's main process, which knows nothing of the application's settings."""
    return formatter(readable=os.environ.get("APP_ENV") in DEVELOPMENT)


def _name_the_logger(
    _logger: Any, _method: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    """Say which library speaks; our own lines are known by their event."""
    event["logger"] = event["_record"].name
    return event


def _hide(
    _logger: Any, _method: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    return {
        name: value if name in OURS else _visible(redact(value, name=name))
        for name, value in event.items()
    }


def _visible(value: Any) -> Any:
    """Text that leaves the terminal alone on which the log is read; a stack keeps its lines."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return "".join(one if one in "\n\t" else words.visible(one) for one in value)
