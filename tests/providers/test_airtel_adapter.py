"""What Airtel is sent, byte by byte, and what it tells of numbers and balances."""

import json
import re
from typing import Any

import pytest

from tests.infra.sockets import answers, serving
from tests.support.airtel import Airtel
from tests.support.networks import an_order
from zampay.infra.redis import redis_client
from zampay.kernel.money import Money
from zampay.providers.contract import (
    Accepted,
    AccountName,
    Balance,
    InDoubt,
    NoAnswer,
    NotSent,
    TooLate,
)
from zampay.providers.failures import FailureCode
from zampay.providers.profile import Kind


def seen(airtel: Airtel, **changes: Any) -> tuple[str, bytes]:
    """Head and body of the push of an order."""
    airtel.provider.submit(an_order(airtel.provider))
    with serving(answers(b"{}")) as server:
        adapter = airtel.adapter(base_url=server.url)
        adapter.submit(an_order(adapter, reference="zp1", **changes))
        head, _, body = server.requests[-1].partition(b"\r\n\r\n")
    return head.decode(), body


def test_a_push_has_the_documented_path_headers_and_body(airtel: Airtel) -> None:
    head, body = seen(airtel)
    assert head.startswith("POST /merchant/v1/payments/ HTTP/1.1\r\n")
    for header in ("X-Country: ZM", "X-Currency: ZMW", "Content-Type: application/json"):
        assert header in head
    assert re.search(r"Authorization: Bearer \S+", head)
    assert "x-signature" not in head.lower()
    assert body == (
        b'{"reference":"Order1","subscriber":{"country":"ZM","currency":"ZMW","msisdn":"973123400"},'
        b'"transaction":{"amount":12.5,"country":"ZM","currency":"ZMW","id":"zp1"}}'
    )


@pytest.mark.parametrize(
    ("amount_minor", "written"),
    [(100, b"1,"), (150, b"1.5,"), (105, b"1.05,"), (99_999_999, b"999999.99,"), (7, b"0.07,")],
)
def test_an_amount_goes_out_as_a_number_with_its_own_digits(
    airtel: Airtel, amount_minor: int, written: bytes
) -> None:
    _, body = seen(airtel, money=Money(amount_minor, "ZMW"))
    assert b'"amount":' + written in body


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Order 1042", "Order1042"),
        ("", "Payment"),
        ("a-1", "Paymenta1"),
        ("Chitenge, 2 m; Ä", "Chitenge2m"),
        ("x" * 128, "x" * 24),
    ],
)
def test_the_reference_is_4_to_24_letters_and_digits(
    airtel: Airtel, message: str, shown: str
) -> None:
    _, body = seen(airtel, payer_message=message)
    assert json.loads(body)["reference"] == shown


def test_ids_are_24_letters_and_digits(airtel: Airtel) -> None:
    assert re.fullmatch("[a-z0-9]{24}", airtel.provider.new_reference(Kind.PAYMENT))


def test_who_has_a_number_is_told_with_an_initial(airtel: Airtel) -> None:
    tell = airtel.provider.account_name
    assert tell("260973123400") == AccountName("Test P.", is_active=True)
    assert tell("260973123451") == AccountName("Test P.", is_active=False)
    assert tell("260973123455") == AccountName(None, is_active=False)
    airtel.faults({"operation": "user", "kind": "status", "status": 403})
    assert tell("260973123400") is None


def test_a_balance_loses_its_separators(airtel: Airtel) -> None:
    assert airtel.provider.balance(Kind.PAYMENT) == Balance("1000.00", "ZMW")
    airtel.faults({"operation": "balance", "kind": "status", "status": 403})
    assert airtel.provider.balance(Kind.PAYMENT) is None


def test_one_token_is_shared_for_less_than_180_seconds(airtel: Airtel) -> None:
    first, second = airtel.adapter(), airtel.adapter()
    for adapter in (first, second, first):
        assert isinstance(adapter.submit(an_order(adapter)), Accepted)
    assert airtel.requests("token") == 1
    [name] = redis_client.client().scan_iter("airtel:token:*")
    assert airtel.simulated.token_life_s == 180
    assert 140 < redis_client.client().ttl(name) <= 150


@pytest.mark.parametrize("body", [{"error": "invalid_token"}, {"error": "invalid_client"}])
@pytest.mark.parametrize("status", [401, 403])
def test_a_dead_token_is_replaced_once(airtel: Airtel, status: int, body: object) -> None:
    adapter = airtel.adapter()
    fault = {"operation": "push", "kind": "status", "status": status, "body": body}
    airtel.faults(fault | {"times": 1})
    replaced = status == 401 or body == {"error": "invalid_token"}
    order = an_order(adapter)
    assert isinstance(adapter.submit(order), Accepted if replaced else InDoubt)
    assert (airtel.requests("push"), airtel.requests("token")) == ((2, 2) if replaced else (1, 1))
    airtel.faults(fault)
    assert isinstance(adapter.submit(an_order(adapter)), NotSent if replaced else InDoubt)


def test_an_address_that_is_not_allowed_costs_no_second_call(airtel: Airtel) -> None:
    airtel.faults({"operation": "push", "kind": "status", "status": 403})
    answer = airtel.provider.submit(an_order(airtel.provider))
    assert isinstance(answer, NotSent)
    assert airtel.requests("push") == 1


def test_wrong_credentials_are_said_and_nothing_is_sent(airtel: Airtel) -> None:
    adapter = airtel.adapter(client_secret="0" * 32)
    answer = adapter.submit(an_order(adapter))
    assert isinstance(answer, NotSent)
    assert answer.refused is not None
    assert answer.refused.code is FailureCode.PROVIDER_REJECTED
    assert isinstance(adapter.poll(an_order(adapter)), NoAnswer)
    assert airtel.requests("push") == 0


def test_an_order_for_which_the_token_came_too_late_is_not_sent(
    airtel: Airtel, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = airtel.adapter()
    order = an_order(adapter, send_until_s=1e12)
    fetch = adapter._client._token._fetch

    def take_long() -> str:
        monkeypatch.setattr("zampay.kernel.clock.monotonic_s", lambda: 2e12)
        return fetch()

    monkeypatch.setattr(adapter._client._token, "_fetch", take_long)
    assert isinstance(adapter.submit(order), TooLate)
    assert (airtel.requests("token"), airtel.requests("push")) == (1, 0)


def test_the_profile_waits_as_airtel_asks_and_never_sends_again_by_itself(airtel: Airtel) -> None:
    able = airtel.provider.profile.capabilities[Kind.PAYMENT]
    minutes = [delay.total_seconds() / 60 for delay in able.poll_schedule]
    assert minutes == [3, *[1] * 7, *[5] * 10, 15]
    assert able.unknown_grace.total_seconds() == 900
    assert able.can_poll
    assert not able.resend_is_safe
