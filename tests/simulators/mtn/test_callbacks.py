"""Callbacks go to the URL of their payment once, when it is final, as the faults allow."""

import json
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from zampay.simulators.core import callbacks
from zampay.simulators.core.endings import Course
from zampay.simulators.core.wallet import Wallet
from zampay.simulators.mtn.body import RequestToPay
from zampay.simulators.mtn.payment import MtnPayment


def pay(client: Any, gateway: Any, reference_id: str, msisdn: str = "260963123451") -> Any:
    return client.pay(msisdn, reference_id, headers={"X-Callback-Url": gateway.url()})


def attempts(client: Any) -> list[Any]:
    return [callback["answer"] for callback in client.journal()["callbacks"]]


@pytest.mark.parametrize("msisdn", ["260963123400", "260963123451", "260963123474"])
def test_a_final_payment_is_told_once_as_an_enquiry_would(
    mtn: Any, gateway: Any, reference_id: str, until: Callable[..., None], msisdn: str
) -> None:
    pay(mtn, gateway, reference_id, msisdn)
    until(lambda: attempts(mtn) == [200])
    ((verb, path, content),) = gateway.heard
    assert (verb, path) == ("PUT", "/callbacks/mtn/token")
    assert json.loads(content) == mtn.enquiry(reference_id).json()
    assert reference_id not in content.decode()


def test_nothing_is_told_before_the_end_or_without_a_url(
    mtn: Any, gateway: Any, reference_id: str, until: Callable[..., None]
) -> None:
    pay(mtn, gateway, reference_id, "260963123453")
    mtn.pay("260963123451")
    assert mtn.journal()["callbacks"] == []
    mtn.admin("POST", "settle", {"referenceId": reference_id, "status": "FAILED"})
    until(lambda: attempts(mtn) == [200])
    assert len(gateway.heard) == 1


def test_the_verb_can_be_post_and_retries_can_be_asked_for(
    gateway: Any,
    reference_id: str,
    start: Callable[..., Any],
    until: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(callbacks, "RETRY_PAUSE_S", 0)
    gateway.answer = 503
    with start(callback_method="POST", callback_retries=1) as client:
        pay(client, gateway, reference_id)
        until(lambda: attempts(client) == [503, 503])
    assert [verb for verb, _, _ in gateway.heard] == ["POST", "POST"]


def test_a_refused_callback_is_not_repeated(
    mtn: Any, gateway: Any, reference_id: str, until: Callable[..., None]
) -> None:
    gateway.answer = 404
    pay(mtn, gateway, reference_id)
    until(lambda: attempts(mtn) == [404])
    other = {"X-Callback-Url": "http://127.0.0.1:9/nobody"}
    mtn.pay("260963123451", headers=other)
    until(lambda: attempts(mtn) == [404, "ConnectionError"])


def test_a_lost_callback_is_not_sent(
    mtn: Any, gateway: Any, reference_id: str, until: Callable[..., None]
) -> None:
    mtn.faults({"operation": "callback", "kind": "lost", "referenceId": reference_id})
    pay(mtn, gateway, reference_id)
    until(lambda: attempts(mtn) == ["lost"])
    assert gateway.heard == []


def test_a_doubled_callback_is_sent_twice(
    mtn: Any, gateway: Any, reference_id: str, until: Callable[..., None]
) -> None:
    mtn.faults({"operation": "callback", "kind": "doubled"})
    pay(mtn, gateway, reference_id)
    until(lambda: attempts(mtn) == [200, 200])
    assert gateway.heard[0] == gateway.heard[1]


def test_a_late_callback_comes_later(
    mtn: Any, gateway: Any, reference_id: str, until: Callable[..., None]
) -> None:
    mtn.faults({"operation": "callback", "kind": "late", "seconds": 0.2})
    began = time.monotonic()
    pay(mtn, gateway, reference_id)
    assert mtn.status(reference_id) == "FAILED"
    until(lambda: len(gateway.heard) == 1)
    assert time.monotonic() - began >= 0.2


def test_an_early_callback_comes_before_the_answer_and_only_once(
    mtn: Any, gateway: Any, reference_id: str
) -> None:
    mtn.faults({"operation": "callback", "kind": "early"})
    assert pay(mtn, gateway, reference_id, "260963123400").status_code == 202
    assert len(gateway.heard) == 1
    assert json.loads(gateway.heard[0][2])["status"] == "SUCCESSFUL"
    assert mtn.journal()["byReference"] == {reference_id: 1}
    assert attempts(mtn) == [200]


def test_a_callback_comes_while_the_answer_hangs(
    mtn: Any, gateway: Any, reference_id: str, until: Callable[..., None]
) -> None:
    mtn.faults({"operation": "requesttopay", "kind": "hang", "when": "after"})
    caller = threading.Thread(target=pay, args=(mtn, gateway, reference_id, "260963123400"))
    caller.start()
    until(lambda: attempts(mtn) == [200])
    mtn.admin("POST", "release")
    caller.join(5)
    assert attempts(mtn) == [200]


def test_a_callback_waits_for_the_answer_to_its_request(
    gateway: Any, reference_id: str, until: Callable[..., None]
) -> None:
    told: list[str] = []
    wallet = Wallet(lambda payment: told.append(payment.reference_id))
    body = RequestToPay(
        amount=Decimal(1),
        currency="ZMW",
        external_id="order-1",
        payer={"partyIdType": "MSISDN", "partyId": "260963123400"},
        payer_message="",
        payee_note="",
    )
    payment = MtnPayment(
        reference_id=reference_id,
        external_id="order-1",
        msisdn="260963123400",
        amount=Decimal(1),
        currency="ZMW",
        callback_url=gateway.url(),
        course=Course(),
        request=body,
        user_id="user",
    )
    wallet.add(payment, wait_s=0.01)
    until(wallet.copy_of_charges)
    wallet.call_back_if_ready(payment)
    assert told == []
    wallet.mark_answered(payment)
    wallet.mark_answered(payment)
    assert told == [reference_id]


def test_a_callback_goes_past_the_proxy_of_the_developer(
    mtn: Any,
    gateway: Any,
    reference_id: str,
    until: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    pay(mtn, gateway, reference_id)
    until(lambda: attempts(mtn) == [200])


def test_copies_can_be_sent_at_once_with_any_body(
    mtn: Any, gateway: Any, reference_id: str
) -> None:
    pay(mtn, gateway, reference_id, "260963123453")
    wanted = {"referenceId": reference_id, "copies": 50}
    assert mtn.admin("POST", "callbacks", wanted).json() == {"sent": 50}
    assert len(gateway.heard) == 50
    for body, sent in (("{broken", b"{broken"), ("", b""), ({"status": 1}, b'{"status": 1}')):
        mtn.admin("POST", "callbacks", {"referenceId": reference_id, "body": body})
        assert gateway.heard[-1][2] == sent


def test_copies_want_a_known_payment_with_a_url(mtn: Any, reference_id: str) -> None:
    wanted = {"referenceId": reference_id, "copies": 1}
    assert mtn.admin("POST", "callbacks", wanted).status_code == 404
    mtn.pay(reference_id=reference_id)
    assert mtn.admin("POST", "callbacks", wanted).status_code == 409
