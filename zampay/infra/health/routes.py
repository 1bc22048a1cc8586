"""Is this process alive, and is it ready for work? For Docker, Kubernetes and Heroku alike."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from zampay.infra.health import readiness
from zampay.infra.health.readiness import Check, Verdict
from zampay.infra.web.headers import plain_http_too
from zampay.infra.web.load_shedding import STUCK

health = Blueprint("health", __name__, url_prefix="/health")


@health.get("/live")
@plain_http_too
def live() -> tuple[Response, int]:
    """200 as long as the process works; touches nothing else. 503 when each of its places has been
    held for a minute by the same request: nothing here takes that long, so only a restart helps.
    """
    if request.environ.get(STUCK, False):
        return jsonify(status="stuck"), 503
    return jsonify(status="alive"), 200


@health.get("/ready")
@plain_http_too
def ready() -> tuple[Response, int]:
    """200 when payments can be accepted (`ready`, or `degraded` when something that only delays
    them is away), 503 when they cannot; with the answer of each dependency.

    With `?strict` degraded is 503 too: for an uptime monitor that wakes a person, never for a load
    balancer.
    """
    checks = readiness.examine()
    verdicts = {check.verdict for check in checks}
    if Verdict.FAILED in verdicts:
        return _answer("unavailable", checks), 503
    if Verdict.DEGRADED in verdicts:
        return _answer("degraded", checks), 503 if "strict" in request.args else 200
    return _answer("ready", checks), 200


def _answer(status: str, checks: list[Check]) -> Response:
    told: dict[str, Any] = {
        check.name: {
            "status": check.verdict,
            "code": check.code,
            "says": check.says,
            "durationMs": check.duration_ms,
        }
        for check in checks
    }
    return jsonify(status=status, checks=told)
