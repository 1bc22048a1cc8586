"""The net under logs and error reports: no secret and no number gets through."""

import pytest

from zampay.infra.telemetry.redaction import HIDDEN, redact, redact_text

KEY = "zp_live_" + "0123456789abcdefghjkmnpq" * 2


@pytest.mark.parametrize(
    "written",
    [
        "260963123450",
        "+260963123450",
        "00260963123450",
        "+260 96 312 3450",
        "260-96-312-3450",
        "0963123450",
        "096 312 3450",
    ],
)
def test_a_zambian_number_is_masked_however_it_is_written(written: str) -> None:
    assert redact_text(f"asked {written}, twice") == "asked 26096•••3450, twice"


@pytest.mark.parametrize("around", ['"%s"', "msisdn=%s;", "/active/%s/x", "(%s)", "partyId%%3A %s"])
def test_a_number_is_found_wherever_it_stands(around: str) -> None:
    assert "3123450" not in redact_text(around % "260963123450")


def test_a_published_test_number_is_masked_too() -> None:
    assert redact_text("46733123450") == "46733•••3450"


@pytest.mark.parametrize(
    "harmless",
    [
        "pay_01m84gyyxph08n7njvkv7sak1t",
        "pay_01k5abcdefghjkmn0963123450",
        "2026-11-23T15:38:48.112750Z",
        "0.0963123400",
        "123456789012345",
        "key_01m84gyysbq8vjjmbm460x2jnj made",
        "/api/v1/callbacks/<provider>/<token>",
        "refused zp_live_0123, as listed",
    ],
)
def test_what_only_resembles_one_stays_readable(harmless: str) -> None:
    assert redact_text(harmless) == harmless


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"with {KEY} it", KEY[8:]),
        ("whsec_abcabcabcabcabcabcabcabcabcabcab", "abcabc"),
        ("Authorization: Bearer abc.def-ghi", "abc.def"),
        ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
        ("token eyJhbGciOi.eyJzdWIiOi.SflKxwRJS given", "SflKxwRJS"),
        ("postgresql://zampay:opensesame@db/zampay", "opensesame"),
        ("redis://:opensesame@cache:6379/0", "opensesame"),
        ("PUT /api/v1/callbacks/mtn/abcdefgh12345678", "abcdefgh12345678"),
        ('{"access_token": "opensesame"}', "opensesame"),
        ("Ocp-Apim-Subscription-Key: opensesame", "opensesame"),
        ("not null\nDETAIL:  Failing row contains (1, for the wedding).\nHINT: x", "wedding"),
    ],
)
def test_a_secret_in_a_text_is_hidden(text: str, secret: str) -> None:
    assert secret not in redact_text(text)
    assert HIDDEN in redact_text(text)


def test_members_are_judged_by_name_at_any_depth() -> None:
    told = {"request": [{"password": "opensesame", "Cookie": "a=b", "body": b"{}", "status": 202}]}
    hidden = {"password": HIDDEN, "Cookie": HIDDEN, "body": HIDDEN, "status": 202}
    assert redact(told) == {"request": [hidden]}


def test_a_number_that_is_no_text_is_masked_as_well() -> None:
    assert redact({"a": 260963123450, "b": ("0963123450",), "c": ValueError("to 0963123450")}) == {
        "a": "26096•••3450",
        "b": ["26096•••3450"],
        "c": "to 26096•••3450",
    }


def test_plain_values_keep_their_type() -> None:
    plain = {"a": 1, "b": 1.5, "c": None, "d": True, "e": "word", "api_key": None}
    assert redact(plain) == plain


def test_what_is_too_deep_to_look_at_is_hidden() -> None:
    nested: object = "260963123450"
    for _ in range(20):
        nested = [nested]
    assert "3123450" not in str(redact(nested))
