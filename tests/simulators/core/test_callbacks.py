"""A callback is sent once, when its payment is final and answered, as the faults allow."""

import json
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.core.networks import (
    OPEN_NUMBER,
    PAYER,
    REJECTED,
    SmallClient,
    SmallPayment,
    signature,
)
from tests.support.receiver import Receiver, Says
from zampay.simulators.core import callbacks
from zampay.simulators.core.wallet import Course, Wallet


def test_the_network_decides_what_a_callback_says_to_the_byte(
    network: SmallClient, gateway: Receiver, reference_id: str, until: Callable[..., None]
) -> None:
    network.pay(reference_id, REJECTED)
    until(lambda: network.callbacks() == [200])
    (received,) = gateway.received
    assert (received.method, received.path) == ("POST", "/hooks")
    member = received.body.decode().removeprefix('{"transaction":').partition(',"hash":')[0]
    hashed = signature(member, network.settings.hash_key)
    assert json.loads(received.body) == {"transaction": json.loads(member), "hash": hashed}
    assert json.loads(member)["reason"] == "REJECTED"


def test_a_callback_waits_for_the_end_of_its_payment(
    network: SmallClient, gateway: Receiver, reference_id: str, until: Callable[..., None]
) -> None:
    network.pay(reference_id, OPEN_NUMBER)
    assert network.callbacks() == []
    network.admin("POST", "settle", {"referenceId": reference_id, "status": "FAILED"})
    until(lambda: network.callbacks() == [200])
    assert len(gateway.received) == 1


def test_method_and_retries_can_be_set(
    gateway: Receiver,
    reference_id: str,
    start: Callable[..., Any],
    until: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(callbacks, "RETRY_PAUSE_S", 0)
    gateway.answer = lambda _: Says(503)
    with start(callback_method="PUT", callback_retries=1) as client:
        client.pay(reference_id, REJECTED)
        until(lambda: client.callbacks() == [503, 503])
    assert [received.method for received in gateway.received] == ["PUT", "PUT"]


def test_a_refused_callback_is_not_repeated(
    network: SmallClient, gateway: Receiver, reference_id: str, until: Callable[..., None]
) -> None:
    gateway.answer = lambda _: Says(404)
    network.pay(reference_id, REJECTED)
    until(lambda: network.callbacks() == [404])
    gateway.stop()
    network.pay("second", REJECTED)
    until(lambda: network.callbacks() == [404, "ConnectionError"])


def test_a_lost_callback_is_not_sent(
    network: SmallClient, gateway: Receiver, reference_id: str, until: Callable[..., None]
) -> None:
    network.faults({"operation": "callback", "kind": "lost", "referenceId": reference_id})
    network.pay(reference_id, REJECTED)
    until(lambda: network.callbacks() == ["lost"])
    assert gateway.received == []


def test_a_doubled_callback_is_sent_twice(
    network: SmallClient, gateway: Receiver, reference_id: str, until: Callable[..., None]
) -> None:
    network.faults({"operation": "callback", "kind": "doubled"})
    network.pay(reference_id, REJECTED)
    until(lambda: network.callbacks() == [200, 200])
    assert gateway.received[0].body == gateway.received[1].body


def test_a_late_callback_comes_later(
    network: SmallClient, gateway: Receiver, reference_id: str, until: Callable[..., None]
) -> None:
    network.faults({"operation": "callback", "kind": "late", "seconds": 0.2})
    began = time.monotonic()
    network.pay(reference_id, REJECTED)
    assert network.status(reference_id) == "FAILED"
    until(lambda: len(gateway.received) == 1)
    assert time.monotonic() - began >= 0.2


def test_an_early_callback_comes_before_the_answer_and_only_once(
    network: SmallClient, gateway: Receiver, reference_id: str
) -> None:
    network.faults({"operation": "callback", "kind": "early"})
    assert network.pay(reference_id)["success"]
    assert len(gateway.received) == 1
    assert json.loads(gateway.received[0].body)["transaction"]["status"] == "SUCCESSFUL"
    assert network.journal()["byReference"] == {reference_id: 1}
    assert network.callbacks() == [200]


def test_an_early_callback_without_a_url_is_none(
    start: Callable[..., Any], reference_id: str
) -> None:
    with start(callback_url="", approval_s=60) as client:
        client.faults({"operation": "callback", "kind": "early"})
        client.pay(reference_id)
        assert client.status(reference_id) == "PENDING"
        assert client.callbacks() == []


def test_a_callback_comes_while_the_answer_hangs(
    network: SmallClient, reference_id: str, until: Callable[..., None]
) -> None:
    network.faults({"operation": "pay", "kind": "hang", "when": "after"})
    caller = threading.Thread(target=network.pay, args=(reference_id,))
    caller.start()
    until(lambda: network.callbacks() == [200])
    network.admin("POST", "release")
    caller.join(5)
    assert network.callbacks() == [200]


def test_a_callback_waits_for_the_answer_to_its_request(
    reference_id: str, until: Callable[..., None]
) -> None:
    sent: list[str] = []
    wallet = Wallet(lambda payment: sent.append(payment.reference_id))
    payment = SmallPayment(
        reference_id=reference_id,
        external_id="order-1",
        msisdn=PAYER,
        amount=Decimal(1),
        currency="ZMW",
        callback_url="http://127.0.0.1:9/callbacks",
        course=Course(),
    )
    wallet.add(payment, wait_s=0.01)
    until(wallet.copy_of_charges)
    wallet.call_back_if_ready(payment)
    assert sent == []
    wallet.mark_answered(payment)
    wallet.mark_answered(payment)
    assert sent == [reference_id]


def test_a_callback_does_not_use_the_developers_proxy(
    network: SmallClient,
    reference_id: str,
    until: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    network.pay(reference_id, REJECTED)
    until(lambda: network.callbacks() == [200])


def test_copies_can_be_sent_at_once_with_any_body(
    network: SmallClient, gateway: Receiver, reference_id: str
) -> None:
    network.pay(reference_id, OPEN_NUMBER)
    wanted = {"referenceId": reference_id, "copies": 50}
    assert network.admin("POST", "callbacks", wanted).json() == {"sent": 50}
    assert len(gateway.received) == 50
    for body, sent in (("{broken", b"{broken"), ("", b""), ({"status": 1}, b'{"status": 1}')):
        network.admin("POST", "callbacks", {"referenceId": reference_id, "body": body})
        assert gateway.received[-1].body == sent


def test_copies_need_a_known_payment_with_a_url(
    start: Callable[..., Any], reference_id: str
) -> None:
    wanted = {"referenceId": reference_id, "copies": 1}
    with start(callback_url="") as client:
        assert client.admin("POST", "callbacks", wanted).status_code == 404
        client.pay(reference_id)
        assert client.admin("POST", "callbacks", wanted).status_code == 409
