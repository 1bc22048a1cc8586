"""Is this process alive, and is it ready for work? For Docker, Kubernetes and Heroku alike."""

from typing import Any

from flask import Blueprint, Response, jsonify

from zampay.infra import readiness
from zampay.infra.headers import plain_http_too
from zampay.infra.readiness import Check, Verdict

health = Blueprint("health", __name__, url_prefix="/health")


@health.get("/live")
@plain_http_too
def live() -> Response:
    """200 as long as the process answers; touches nothing else."""
    return jsonify(status="alive")


@health.get("/ready")
@plain_http_too
def ready() -> tuple[Response, int]:
    """200 when payments can be accepted (`ready`, or `degraded` when something that only delays
    them is away), 503 when they cannot; with the answer of each dependency.
    """
    checks = readiness.examine()
    verdicts = {check.verdict for check in checks}
    if Verdict.FAILED in verdicts:
        return _answer("unavailable", checks), 503
    return _answer("degraded" if Verdict.DEGRADED in verdicts else "ready", checks), 200


def _answer(status: str, checks: list[Check]) -> Response:
    told: dict[str, Any] = {
        check.name: {
            "status": check.verdict,
            "says": check.says,
            "durationMs": check.duration_ms,
        }
        for check in checks
    }
    return jsonify(status=status, checks=told)
