"""Errors reach Sentry from web and workers, and nothing of what a merchant sent goes with them."""

import json
from typing import Any

import pytest
import sentry_sdk
from flask import Flask
from flask.testing import FlaskClient

from tests.infra.reports import Kept, kept
from tests.infra.sockets import answers, serving
from tests.support.fakes import HeldQueue, ScriptedNetwork
from tests.support.merchants import Merchant, payment_request
from zampay.infra.http.outbound import Outbound
from zampay.infra.telemetry import sentry
from zampay.transfers import create

__all__ = ["kept"]


def breaks(*_: Any, **__: Any) -> None:
    raise ValueError("no wallet for 260963123450 under zp_live_0123456789abcdef")


def test_a_defect_in_the_web_is_reported_without_what_was_sent(
    merchant: Merchant, network: ScriptedNetwork, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create, "accept", breaks)
    body = payment_request(msisdn="260963123450", payerMessage="for the wedding")
    answer = merchant.post(
        "/payments?note=0963123450", body, headers={"Cookie": "session=opensesame"}
    )
    assert answer.status_code == 500
    assert answer.json["requestId"] in answer.text
    (event,) = kept.events
    sent = json.dumps(event, ensure_ascii=False, default=str)
    assert event["exception"]["values"][-1]["type"] == "ValueError"
    for secret in (merchant.live_key, "3123450", "wedding", "opensesame", "0123456789abcdef"):
        assert secret not in sent
    assert "26096•••3450" in sent
    assert set(event["request"]) == {"method", "url", "headers"}
    assert event["tags"]["request_id"] == answer.json["requestId"]
    assert event["tags"]["tenant_id"] == merchant.tenant_id
    assert "breadcrumbs" not in event


@pytest.mark.parametrize(
    ("broken", "state"),
    [
        ("zampay.transfers.dispatch.Dispatcher.offer", "FAILURE"),
        ("zampay.transfers.submit.submit", "SUCCESS"),  # on a thread of our own, which goes on
    ],
)
def test_a_defect_in_a_task_is_reported_without_its_arguments(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
    kept: Kept,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
    state: str,
) -> None:
    monkeypatch.setattr(broken, breaks)
    merchant.pay()
    enqueue = task_queue.held.pop()
    task = app.extensions["celery"].tasks[enqueue.task]
    outcome = task.apply(kwargs={**enqueue.arguments, "note": "opensesame"})
    assert outcome.state == state
    (event,) = kept.events
    about = {name: enqueue.arguments[name] for name in ("transfer_id", "tenant_id")}
    about |= {"task": enqueue.task, "request_id": outcome.id}
    assert about.items() <= event["tags"].items()
    sent = json.dumps(event, ensure_ascii=False, default=str)
    assert "26096•••3450" in sent
    assert "3123450" not in sent
    assert "opensesame" not in sent


def test_whom_we_call_sees_nothing_of_it(app: Flask, kept: Kept) -> None:
    http = Outbound(connect_timeout_s=2, read_timeout_s=2)
    traced = {"sentry-trace": "0123456789abcdef0123456789abcdef-0123456789abcdef-1"}
    with serving(answers()) as network, app.test_request_context(headers=traced):
        sentry_sdk.continue_trace(traced)
        with sentry_sdk.start_span(name="call"):
            http.send("POST", network.url, headers={}, body=b"{}")
        http.send("POST", network.url, headers={}, body=b"{}")
    assert len(network.requests) == 2
    for request in network.requests:
        assert b"sentry" not in request.lower()
        assert b"baggage" not in request.lower()
        assert b"traceparent" not in request.lower()


def test_without_a_dsn_nothing_is_sent(client: FlaskClient, kept: Kept) -> None:
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)
    sentry.init(dsn=None, environment="test", transport=kept)
    assert not sentry_sdk.is_initialized()
