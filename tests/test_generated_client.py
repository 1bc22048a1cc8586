"""A client that openapi-python-client makes of the document does the whole journey, well typed."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from dev.openapi import DOCUMENT
from tests.support.fakes import HeldQueue, make_due, poll, stored
from tests.support.objects import NOBODY_LISTENS
from zampay.providers.sandbox import adapter as sandbox

PACKAGE = "zampay_client"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the client was generated, without the steps that make it pretty."""
    made = tmp_path_factory.mktemp("client")
    settings = made / "settings.json"
    settings.write_text(json.dumps({"post_hooks": []}), encoding="utf-8")
    program = Path(sys.executable).with_name("openapi-python-client")
    command = [str(program), "generate", "--path", str(DOCUMENT), "--meta", "none"]
    done = subprocess.run(
        [*command, "--config", settings, "--output-path", made / PACKAGE, "--fail-on-warning"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return made


@dataclass
class Generated:
    """The generated package, and the application that its clients speak to."""

    app: Flask

    def module(self, name: str) -> Any:
        return importlib.import_module(f"{PACKAGE}.{name}")

    def call(self, tag: str, operation: str, client: Any, *arguments: Any, **named: Any) -> Any:
        called = self.module(f"api.{tag}.{operation}")
        answer = called.sync_detailed(*arguments, client=client, **named)
        assert answer.status_code < 300, answer.content
        return answer.parsed

    def client(self, kind: str = "Client", **named: Any) -> Any:
        transport = httpx.WSGITransport(app=self.app)
        made = getattr(self.module("client"), kind)
        return made(base_url="http://gateway.example", httpx_args={"transport": transport}, **named)

    def models(self) -> Any:
        return self.module("models")


@pytest.fixture
def generated(
    folder: Path, app: Flask, task_queue: HeldQueue, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Generated]:
    monkeypatch.syspath_prepend(str(folder))
    yield Generated(app)
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


def end(app: Flask, task_queue: HeldQueue, payment_id: str) -> None:
    """Let the network be asked until it has an answer."""
    task_queue.run_all()
    make_due(app, payment_id)
    poll(app, stored(app, payment_id))


@dataclass
class Shop:
    """A merchant who does everything with the generated client."""

    generated: Generated
    account: Any

    def call(self, tag: str, operation: str, *arguments: Any, **named: Any) -> Any:
        return self.generated.call(tag, operation, self.account, *arguments, **named)

    def pay(self, external_id: str, msisdn: str) -> Any:
        models = self.generated.models()
        wanted = models.PaymentRequest(external_id=external_id, amount="12.50", msisdn=msisdn)
        return self.call("payments", "create_payment", body=wanted)


@pytest.fixture
def shop(generated: Generated, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Registered, with a webhook endpoint; payers decide at once."""
    monkeypatch.setattr(sandbox, "PAYS_AFTER", timedelta(0))
    models = generated.models()
    registration = models.Registration(business_name="Kalulu Books", email="owner@kalulu.example")
    tenant = generated.call("auth", "register", generated.client(), body=registration)
    headers = {"x-tenant-id": tenant.tenant_id}
    shop = Shop(
        generated, generated.client("AuthenticatedClient", token=tenant.api_key, headers=headers)
    )
    endpoint = models.WebhookEndpointRequest(url=NOBODY_LISTENS)
    made = shop.call("webhook_endpoints", "create_webhook_endpoint", body=endpoint)
    assert made.secret.startswith("whsec_")
    return shop


def test_a_generated_client_does_the_whole_journey(shop: Shop, task_queue: HeldQueue) -> None:
    models = shop.generated.models()
    paid, declined = shop.pay("order-1", "0963123400"), shop.pay("order-2", "0963123451")
    assert paid.status is models.PaymentStatus.PENDING
    assert (paid.failure, paid.completed_at) == (None, None)
    for one in (paid, declined):
        end(shop.generated.app, task_queue, one.id)

    paid = shop.call("payments", "get_payment", paid.id)
    assert paid.status is models.PaymentStatus.SUCCESSFUL
    assert paid.failure is None
    assert isinstance(paid.completed_at, datetime)
    declined = shop.call("payments", "get_payment", declined.id)
    assert isinstance(declined.failure, models.Failure)
    assert declined.failure.code is models.FailureCode.PAYER_DECLINED
    assert declined.failure.retry is models.FailureRetry.SAFE

    page = shop.call("payments", "list_payments", limit=1)
    assert (len(page.data), page.has_more, type(page.next_cursor)) == (1, True, str)
    page = shop.call("payments", "list_payments", after=page.next_cursor)
    assert (page.data, page.has_more, page.next_cursor) == ([paid], False, None)

    events = shop.call("events", "list_events").data
    assert {type(event) for event in events} == {models.PaymentEvent}
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert events[-1].data == declined


def test_the_types_of_a_generated_client_say_what_may_be_null(generated: Generated) -> None:
    models = generated.models()
    payment = models.Payment.__annotations__
    assert payment["failure"] == "Failure | None"
    assert payment["status"] == "PaymentStatus"
    assert payment["completed_at"] == "datetime.datetime | None"
    assert models.EventPage.__annotations__["data"] == (
        "list[NetworkEvent | PaymentEvent | WebhookEndpointDisabledEvent]"
    )
    assert models.PaymentEvent.__annotations__["data"] == "Payment"


CAREFUL = """
from zampay_client.api.payments import get_payment
from zampay_client.client import AuthenticatedClient
from zampay_client.models import Payment


def reason(client: AuthenticatedClient) -> str:
    payment = get_payment.sync("pay_x", client=client)
    if not isinstance(payment, Payment) or payment.failure is None:
        return ""
    return payment.failure.code.value
"""
CARELESS = CAREFUL.replace(" or payment.failure is None", "")


@pytest.mark.long
def test_a_type_checker_sees_that_failure_may_be_null(folder: Path) -> None:
    (folder / "careful.py").write_text(CAREFUL, encoding="utf-8")
    (folder / "careless.py").write_text(CARELESS, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache")]

    def checked(name: str) -> str:
        done = subprocess.run(
            [*command, "--config-file", "", name],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    assert checked("careful.py").startswith("Success"), checked("careful.py")
    assert 'has no attribute "code"' in checked("careless.py")
