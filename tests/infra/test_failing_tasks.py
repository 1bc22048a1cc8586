"""A task that fails is told in one line that says which task, payment and request it was about."""

import json
from typing import Any

import pytest
from celery.exceptions import Retry
from flask import Flask

from tests.support.fakes import HeldQueue, ScriptedNetwork
from tests.support.log_lines import logging_as_before
from tests.support.merchants import Merchant
from zampay.infra.telemetry import logs

__all__ = ["logging_as_before"]
pytestmark = pytest.mark.usefixtures("logging_as_before", "network")


def told(
    app: Flask, task_queue: HeldQueue, capsys: pytest.CaptureFixture[str]
) -> list[dict[str, Any]]:
    """What is logged as an error or a warning when the message that is held is run."""
    logs.init(level="INFO", readable=False)
    enqueue = task_queue.held.pop()
    app.extensions["celery"].tasks[enqueue.task].apply(kwargs=enqueue.arguments, throw=False)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line["level"] != "info"]


def test_a_failure_is_one_line_with_request_payment_and_task(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise ValueError("no wallet for 260963123450")

    accepted = merchant.pay()
    monkeypatch.setattr("zampay.transfers.submit.transitions.transition", breaks)
    (line,) = told(app, task_queue, capsys)
    assert (line["event"], line["level"], line["task"]) == (
        "task_failed",
        "error",
        "transfers.submit",
    )
    assert line["transfer_id"] == accepted.json["id"]
    assert line["tenant_id"] == merchant.tenant_id
    assert line["request_id"] == accepted.headers["X-Request-Id"]
    assert "ValueError: no wallet for 26096•••3450" in line["exception"]


def test_a_repetition_is_no_failure(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def again(**_: Any) -> None:
        raise Retry("soon")

    merchant.pay()
    monkeypatch.setattr("zampay.transfers.submit.submit", again)
    assert told(app, task_queue, capsys) == []
