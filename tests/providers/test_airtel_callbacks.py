"""Airtel's callback: one address for all payments, which the body names and a hash may prove."""

import json

import pytest

from tests.support.airtel import Airtel
from zampay.providers.airtel import callback
from zampay.providers.contract import CallbackHint, CallbackRequest

TOKEN, KEY = "t0" * 20, "test-private-key"
MEMBER = (
    '{"id":"BBZMiscxy","message":"Paid ZMW 5,000 to TECHNOLOGIES LIMITED Charge ZMW 140, Trans ID '
    'MP210603.1234.L06941.","status_code":"TS","airtel_money_id":"MP210603.1234.L06941"}'
)
BY_MEMBER = "h/gJv9av X9toJu8d RO0qWbu5 8UDYLUj6 s8pFGIzC YrQ=".replace(" ", "")
BY_BODY = "Wj+irgvN Fpqg9C96 vQEzhw4d yYxMvkmn uGf0Ff4D GMo=".replace(" ", "")
"""Computed from the portal's text under its two readings."""


def hint(
    airtel: Airtel, body: str | bytes, *, token: str = TOKEN, key: str = KEY
) -> CallbackHint | None:
    content = body if isinstance(body, bytes) else body.encode()
    adapter = airtel.adapter(callback_token=TOKEN, callback_key=key)
    return adapter.read_callback(CallbackRequest(token, "POST", {}, lambda: content))


def signed(member: str, given: str) -> str:
    return f'{{"transaction":{member},"hash":"{given}"}}'


@pytest.mark.parametrize("given", [BY_MEMBER, BY_BODY])
def test_the_hash_proves_it_under_either_reading_of_the_portal(airtel: Airtel, given: str) -> None:
    expected = CallbackHint(reference="BBZMiscxy", is_verified=True)
    assert hint(airtel, signed(MEMBER, given)) == expected
    spaced = f'{{ "hash" : "{given}", "transaction" : {MEMBER} }}'
    assert hint(airtel, spaced) == expected


@pytest.mark.parametrize(
    ("member", "given"),
    [
        (MEMBER.replace("TS", "TF"), BY_MEMBER),
        (MEMBER.replace('":"', '": "'), BY_MEMBER),
        (MEMBER, BY_MEMBER[:-2] + "A="),
        (MEMBER, ""),
        (MEMBER, "\\ud800"),
    ],
)
def test_a_hash_that_does_not_fit_leaves_a_hint(airtel: Airtel, member: str, given: str) -> None:
    found = hint(airtel, signed(member, given))
    assert found == CallbackHint(reference="BBZMiscxy", is_verified=False)


def test_without_a_key_nothing_is_proven(airtel: Airtel) -> None:
    empty_key = callback.hashed(MEMBER, "")
    for given in (BY_MEMBER, empty_key):
        found = hint(airtel, signed(MEMBER, given), key="")
        assert found == CallbackHint(reference="BBZMiscxy", is_verified=False)


def test_what_is_proven_is_what_is_read(airtel: Airtel) -> None:
    """Of two members the first is hashed and read; a parser would take the second."""
    other = '{"id":"another"}'
    body = f'{{"transaction":{MEMBER},"transaction":{other},"hash":"{BY_MEMBER}"}}'
    assert json.loads(body)["transaction"]["id"] == "another"
    assert hint(airtel, body) == CallbackHint(reference="BBZMiscxy", is_verified=True)


@pytest.mark.parametrize("token", ["", "t0" * 19, "T0" * 20, "t1" * 20, "t0" * 20 + "x", "\ud800"])
def test_at_another_address_the_body_is_not_even_read(airtel: Airtel, token: str) -> None:
    def unread() -> bytes:
        raise AssertionError

    adapter = airtel.adapter(callback_token=TOKEN, callback_key=KEY)
    assert adapter.read_callback(CallbackRequest(token, "POST", {}, unread)) is None


@pytest.mark.parametrize("token", ["", TOKEN])
def test_without_a_token_of_ours_there_is_no_address(airtel: Airtel, token: str) -> None:
    request = CallbackRequest(token, "POST", {}, lambda: signed(MEMBER, BY_MEMBER).encode())
    assert airtel.adapter(callback_token="").read_callback(request) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"<html>",
        b'{"transaction":',
        b'{"transaction":[]}',
        b'{"transaction":{"id":{}}}',
        b'{"transaction":' + b"[" * 30000,
        b'{"other":{"id":"BBZMiscxy"}}',
    ],
)
def test_a_body_that_names_nothing_is_a_hint_at_nothing(airtel: Airtel, body: bytes) -> None:
    assert hint(airtel, body) == CallbackHint(reference=None, is_verified=False)


def test_every_reading_is_compared_in_a_time_that_tells_nothing(
    airtel: Airtel, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[bytes] = []

    def compare(ours: bytes, theirs: bytes) -> bool:
        compared.append(theirs)
        return ours == theirs

    monkeypatch.setattr("hmac.compare_digest", compare)
    hint(airtel, signed(MEMBER, BY_MEMBER))
    assert compared == [TOKEN.encode(), BY_MEMBER.encode(), BY_MEMBER.encode()]
