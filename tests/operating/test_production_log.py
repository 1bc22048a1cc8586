"""In production every line of web, worker and beat is one JSON object, whoever wrote it."""

import json
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import requests

import zampay
from dev.environment import ROOT, await_condition
from dev.stack import Stack
from tests.support.production import ADDRESSES

PRODUCTION = {
    "APP_ENV": "production",
    "SHARED_WALLETS": "true",
    "TRUSTED_PROXIES": "1",
    "PUBLIC_URL": "https://pay.example",
    **ADDRESSES,
    "LOG_LEVEL": "INFO",
}
BEHIND_THE_PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}


@pytest.fixture(scope="module")
def production(new_stack: Callable[..., Stack]) -> Stack:
    stack = new_stack(**PRODUCTION)
    stack.start("web")
    stack.start("worker")
    stack.start("beat")
    return stack


def lines(stack: Stack, name: str) -> list[dict[str, Any]]:
    """The log of a process; a warning of the interpreter itself is no line of a logger."""
    text = stack.process(name).log.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if _is_a_loggers(line)]


def _is_a_loggers(line: str) -> bool:
    """Celery warns of superusers through `warnings`, before there is any logging."""
    return bool(line.strip()) and not line.startswith(_OF_THE_SUPERUSER)


_OF_THE_SUPERUSER = ("absolutely", "Please", "User information", "  _warn", "/")


def test_a_payment_leaves_json_in_web_and_worker(
    production: Stack, session: requests.Session
) -> None:
    url = f"{production.url}/api/v1"
    asked = {"businessName": "Chanda", "email": "owner@example.com"}
    made = session.post(
        f"{url}/auth/register", json=asked, headers=BEHIND_THE_PROXY, timeout=10
    ).json()
    headers = {
        **BEHIND_THE_PROXY,
        "Authorization": f"Bearer {made['apiKey']}",
        "x-tenant-id": made["tenantId"],
        "X-Request-Id": "trace-production",
    }
    order = {"externalId": "1", "amount": "1", "msisdn": "0963123400"}
    payment = session.post(f"{url}/payments", json=order, headers=headers, timeout=10).json()

    def moved() -> list[dict[str, Any]]:
        told = [line for line in lines(production, "worker") if line["event"] == "transition"]
        return [line for line in told if line["transfer_id"] == payment["id"]]

    await_condition(
        lambda: any(line["target"] == "SUCCESSFUL" for line in moved()),
        timeout_s=30,
        wanted="the end of the payment in the worker's log",
    )
    (line,) = [one for one in lines(production, "web") if one.get("transfer_id") == payment["id"]]
    wanted = {
        "event": "request",
        "level": "info",
        "request_id": "trace-production",
        "tenant_id": made["tenantId"],
        "method": "POST",
        "route": "/api/v1/payments",
        "status": 202,
    }
    assert wanted.items() <= line.items()
    assert moved()[0]["request_id"] == "trace-production"


def test_every_line_is_an_object_with_time_level_and_event(production: Stack) -> None:
    for name in ("web", "worker", "beat"):
        for line in lines(production, name):
            assert {"timestamp", "level", "event"} <= set(line), line
    servers = {line.get("logger") for line in lines(production, "web")}
    assert "uvicorn.error" in servers


def test_plain_http_is_sent_to_https_but_for_probes(
    production: Stack, session: requests.Session
) -> None:
    def ask(path: str) -> requests.Response:
        return session.get(f"{production.url}{path}", allow_redirects=False, timeout=10)

    redirected = ask("/api/docs")
    assert redirected.status_code == 308
    assert redirected.headers["Location"] == "https://pay.example/api/docs"
    assert ask("/health/live").status_code == 200
    ready = ask("/health/ready")
    assert (ready.status_code, ready.json()["checks"]["migrations"]["status"]) == (200, "ok")
    assert ask("/metrics").status_code == 404


def test_worker_and_beat_say_what_starts(production: Stack) -> None:
    def started(name: str) -> list[dict[str, Any]]:
        return [line for line in lines(production, name) if line.get("event") == f"{name}_started"]

    await_condition(
        lambda: bool(started("worker") and started("beat")),
        timeout_s=30,
        wanted="the first line of worker and beat",
    )
    (worker,), (beat,) = started("worker"), started("beat")
    assert worker["version"] == beat["version"] == zampay.__version__
    assert worker["environment"] == beat["environment"] == "production"
    assert worker["queues"] == ["transfers", "webhooks", "sweeps"]
    assert worker["concurrency"] > 0
    assert beat["schedule_s"]["transfers.sweep"] > 0


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert zampay.__version__ == project["version"]
