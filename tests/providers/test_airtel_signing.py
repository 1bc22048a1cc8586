"""Signed messages: the vector, the wire, and an application that has them switched on."""

import base64
from collections.abc import Iterator

import pytest

from tests.simulators.client import served
from tests.support.airtel import Airtel
from tests.support.networks import an_order
from zampay.kernel import clock
from zampay.providers.airtel import signing
from zampay.providers.contract import Accepted, InDoubt, NotSent
from zampay.simulators.airtel.app import create_app
from zampay.simulators.airtel.settings import Settings

BODY = (
    b'{"reference":"INV000123","subscriber":{"country":"ZM","currency":"ZMW","msisdn":"971234567"},'
    b'"transaction":{"amount":10.5,"country":"ZM","currency":"ZMW","id":"PGW0000000000000000001"}}'
)
SIGNATURE = (
    "iQXwzodr 7nCro211 gimShdYU EeVvwmND 9H+emkge LekKsDIo RGa3gI/3 k9IYL68O YalykIF9 "
    "CT/mVwT9 BzXIZ9nF /RmqSkWi Nb08KOni LiqBQt/S oEs3h3Je n/jrwOX3 +UfUhoU0 LNX/Xm1n "
    "gw3N2VLe XJ1zeasC WQa4GlD6 CfOiLT+f rK9F93Cn 21dyc8Um Ag5VF+TV /mR28v2Z KbjJtwAh "
    "nVMXTOAd qHYjVS1A N/juJI6w nYsyyMGt J+wtnxik "
).replace(" ", "")
"""Of that body with the AES key 00..1f and the initial vector 00..0f."""


@pytest.fixture(scope="module")
def application() -> Iterator[Airtel]:
    settings = Settings(port=0, signing="on", approval_s=0.05)
    with served(create_app, settings) as url:
        yield Airtel(url, settings)


@pytest.fixture
def signs(application: Airtel) -> Airtel:
    application.admin("POST", "reset")
    application.admin("POST", "tokens/expire")
    return application


def test_the_signature_is_the_body_encrypted() -> None:
    assert signing.encrypted(BODY, bytes(range(32)), bytes(range(16))) == SIGNATURE


def test_an_application_that_signs_takes_signed_messages_only(signs: Airtel) -> None:
    adapter = signs.adapter(signs=True)
    for _ in range(2):
        assert isinstance(adapter.submit(an_order(adapter)), Accepted)
    assert signs.requests("encryption_keys") == 1
    unsigned = signs.adapter()
    answer = unsigned.submit(an_order(unsigned))
    assert isinstance(answer, InDoubt)
    assert answer.presumed is not None


def test_one_that_does_not_sign_refuses_a_signature(airtel: Airtel) -> None:
    adapter = airtel.adapter(signs=True)
    answer = adapter.submit(an_order(adapter))
    assert isinstance(answer, InDoubt)
    assert "DP00800001026" in answer.detail


def test_each_message_has_a_key_of_its_own_and_a_key_that_was_changed_is_asked_for(
    signs: Airtel,
) -> None:
    adapter = signs.adapter(signs=True)
    adapter.submit(an_order(adapter))
    signer = adapter._client._signer
    assert signer is not None
    first, second = signer.headers(BODY), signer.headers(BODY)
    assert first["x-signature"] != second["x-signature"]
    assert len(base64.b64decode(first["x-key"])) == 128
    other = signing.Signer(signs.adapter()._client._encryption_keys)
    other.headers(b"")
    signer._key = None
    adapter.submit(an_order(adapter))
    assert signs.requests("encryption_keys") == 3


def test_a_key_is_kept_for_an_hour_at_the_longest(
    signs: Airtel, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = signs.adapter(signs=True)
    adapter.submit(an_order(adapter))
    later_s = clock.monotonic_s() + 3601
    monkeypatch.setattr(clock, "monotonic_s", lambda: later_s)
    adapter.submit(an_order(adapter, send_until_s=later_s + 60))
    assert signs.requests("encryption_keys") == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "reset_before"},
        {"kind": "garbage"},
        {"kind": "status", "status": 200, "body": {"data": {"key": "AAAA"}, "status": {}}},
    ],
)
def test_without_a_key_nothing_is_sent(signs: Airtel, fault: dict[str, object]) -> None:
    signs.faults({"operation": "encryption_keys", **fault})
    adapter = signs.adapter(signs=True)
    assert isinstance(adapter.submit(an_order(adapter)), NotSent)
    assert signs.requests("push") == 0
    signs.faults()
