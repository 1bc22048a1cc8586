"""Zamtel: one call that lasts until the customer has answered, and what a clear word means."""

import json
import threading
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.infra.sockets import answers, serving
from tests.support.networks import an_order
from tests.support.zamtel import PASSWORD, PAYER, Zamtel, ours, told
from zampay.kernel.money import Money
from zampay.providers.contract import (
    Accepted,
    CallbackRequest,
    InDoubt,
    NoAnswer,
    ProviderResult,
    ResultStatus,
    Submission,
    Throttled,
)
from zampay.providers.failures import FailureCode, Retry
from zampay.providers.profile import Kind
from zampay.providers.zamtel.adapter import Adapter, profile
from zampay.providers.zamtel.settings import Settings


def test_a_payment_is_asked_for_with_every_parameter_encoded_and_on_a_connection_of_its_own() -> (
    None
):
    with serving(answers(b"{}")) as network:
        adapter = ours(f"{network.url}/ZampayRest")
        order = an_order(adapter, PAYER, money=Money(1205, "ZMW"))
        adapter.submit(order)
    [request] = network.requests
    method, target, _ = request.split(b"\r\n")[0].decode().split(" ")
    assert (method, urlsplit(target).path) == ("GET", "/ZampayRest/Req")
    assert parse_qs(urlsplit(target).query, strict_parsing=True) == {
        "ThirdPartyID": ["Kalulu_Caller"],
        "Password": [PASSWORD],
        "Amount": ["12.05"],
        "Msisdn": ["260953123400"],
        "Shortcode": ["000088"],
        "ConversationId": [order.reference],
    }
    assert b"\r\nConnection: close\r\n" in request


def test_our_payment_id_goes_along_where_that_is_set() -> None:
    with serving(answers(b"{}")) as network:
        adapter = ours(network.url, sends_reference=True)
        order = an_order(adapter, PAYER)
        adapter.submit(order)
    assert f"&Reference={order.transfer_id} ".encode() in network.requests[0]


RECORDED = (
    '{"Conversation id":"REFERENCE","message":"Success","status":"0",'
    '"TransactionId":"000000239171","Transaction id":"000000239171"}'
)
"""As others have written it down."""


@pytest.mark.parametrize(
    "body",
    [
        RECORDED,
        '{"Conversation id":"REFERENCE","StatusCode":0,"TransactionId":"000000239171"}',
        '{"status":0,"Transaction id":"000000239171"}',
        '{"status":"Success","StatusCode":0,"TransactionId":"000000239171"}',
        '{"status":"0","StatusCode":"0","TransactionId":"000000239171"}',
    ],
)
def test_success_is_status_or_status_code_0(body: str) -> None:
    order, answer = told(body.encode())
    assert isinstance(answer, Accepted)
    assert answer.result is not None
    assert answer.result.status is ResultStatus.SUCCESSFUL
    assert answer.result.provider_transaction_id == "000000239171"
    assert answer.result.transfer_id == order.transfer_id


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("E8003", FailureCode.PAYER_DECLINED),
        ("2006", FailureCode.INSUFFICIENT_FUNDS),
        ("2004", FailureCode.INVALID_AMOUNT),
        ("E8036", FailureCode.PAYER_NOT_FOUND),
        ("2005", FailureCode.LIMIT_EXCEEDED),
        ("2001", FailureCode.PROVIDER_REJECTED),
    ],
)
@pytest.mark.parametrize("key", ["status", "StatusCode"])
def test_a_code_that_is_a_no_fails_and_a_new_payment_is_safe(
    code: str, failure: FailureCode, key: str
) -> None:
    _, answer = told(json.dumps({key: code, "message": "No"}).encode())
    assert isinstance(answer, Accepted)
    assert answer.result is not None
    assert answer.result.status is ResultStatus.FAILED
    assert answer.result.failure is not None
    assert answer.result.failure.code is failure
    assert answer.result.failure.provider_code == code
    assert answer.result.failure.retry is Retry.SAFE


def test_the_call_lasts_until_the_customer_has_answered(zamtel: Zamtel) -> None:
    order = an_order(zamtel.provider, "260953123453")
    found: list[Submission] = []
    asking = threading.Thread(target=lambda: found.append(zamtel.provider.submit(order)))
    asking.start()
    until(
        lambda: zamtel.provider.poll(order) == NoAnswer("answered 200 code 201, orderstate Pending")
    )
    assert found == []
    zamtel.admin("POST", "settle", {"referenceId": order.reference, "status": "SUCCESSFUL"})
    asking.join(5)
    [answer] = found
    assert isinstance(answer, Accepted)
    assert answer.result is not None
    assert answer.result.status is ResultStatus.SUCCESSFUL


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(500):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("not within 5 s")


def test_a_poll_believes_paid_and_nothing_else(zamtel: Zamtel) -> None:
    paid, declined = (an_order(zamtel.provider, f"2609531234{end}") for end in ("72", "51"))
    assert isinstance(zamtel.provider.submit(paid), InDoubt)
    zamtel.provider.submit(declined)
    found = zamtel.provider.poll(paid)
    assert isinstance(found, ProviderResult)
    assert found.status is ResultStatus.SUCCESSFUL
    assert found.provider_transaction_id
    assert zamtel.provider.poll(declined) == NoAnswer("answered 200 code 201, orderstate Failed")
    never = an_order(zamtel.provider, PAYER)
    assert zamtel.provider.poll(never) == NoAnswer("answered 200 code 404, orderstate Not found")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"code":"200","ORDERID":"1"}', "500 Internal Server Error"),
        (b'{"code":"200","code":"404"}', "200 OK"),
        (b'{"code":"0"}', "200 OK"),
        (b'{"status":"0"}', "200 OK"),
        (b"", "404 Not Found"),
        (b"[]", "200 OK"),
    ],
)
def test_any_other_answer_to_a_poll_says_nothing(body: bytes, status: str) -> None:
    with serving(answers(body, status)) as network:
        adapter = ours(
            network.url,
            status_base_url=f"{network.url}/orders?id=",
            status_username="kalulu",
            status_password="opensesame",
        )
        order = an_order(adapter, PAYER)
        assert isinstance(adapter.poll(order), NoAnswer | Throttled)
    [request] = network.requests
    assert request.startswith(f"GET /orders?id={order.reference} HTTP/1.1".encode())
    assert b"\r\nusername: kalulu\r\n" in request
    assert b"\r\npassword: opensesame\r\n" in request


def test_only_with_the_enquiry_a_payment_can_be_polled(zamtel: Zamtel) -> None:
    able = [
        one.profile.capabilities[Kind.PAYMENT]
        for one in (zamtel.adapter(), zamtel.without_enquiry())
    ]
    assert [one.can_poll for one in able] == [True, False]
    assert [one.resend_is_safe for one in able] == [False, False]
    assert isinstance(zamtel.without_enquiry().poll(an_order(zamtel.provider)), NoAnswer)


def test_the_lease_is_longer_than_the_call_can_last() -> None:
    """Of a lease, half may be over before a send begins; config asks for a length of at least twice
    `longest_call_s`.
    """
    for connect_s, read_s in ((5.0, 130.0), (40.0, 1.0), (0.1, 600.0)):
        settings = Settings(connect_timeout_s=connect_s, read_timeout_s=read_s)
        blocks_for = profile(settings).capabilities[Kind.PAYMENT].blocks_for.total_seconds()
        shortest_lease_s = 2 * settings.longest_call_s
        assert shortest_lease_s / 2 + connect_s + read_s < shortest_lease_s + blocks_for
        assert Adapter(settings)._client._payments._http.longest_s == connect_s + read_s


def test_it_calls_nobody_back_and_names_nobody(zamtel: Zamtel) -> None:
    request = CallbackRequest("token", "POST", {}, lambda: b'{"status":"0"}')
    assert zamtel.provider.read_callback(request) is None
    assert zamtel.provider.account_name(PAYER) is None
    assert zamtel.provider.balance(Kind.PAYMENT) is None
