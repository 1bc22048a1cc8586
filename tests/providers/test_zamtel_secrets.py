"""Zamtel takes its credentials in the address: no line, error, report, count or text holds them."""

import json
import traceback
from collections.abc import Callable
from typing import Any

import pytest
import sentry_sdk
from prometheus_client import generate_latest

from tests.infra.reports import Kept, kept
from tests.infra.sockets import answers, hangs_up, keeps_silent, resets, says, serving
from tests.support.log_lines import logging_as_before
from tests.support.networks import an_order
from tests.support.zamtel import PASSWORD, PAYER, ours
from zampay.infra.http.outbound import NoReply, NotConnected
from zampay.infra.telemetry import logs
from zampay.providers.zamtel import bodies
from zampay.providers.zamtel.client import Client

__all__ = ["kept", "logging_as_before"]

SECRETS = ("Kalulu", "Caller", "yUrz", "BHv", "Y2jU")
"""Parts of our credentials, as they are however an address is encoded."""
BROKEN_HEADERS = says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n: no name\r\n\r\n{}")
BEHAVIOURS = {
    "reset": resets,
    "hung up": hangs_up,
    "silence": keeps_silent,
    "broken headers": BROKEN_HEADERS,
    "no HTTP": says(b"\x00\x01\x02"),
    "redirect": answers(b"", "302 Found", "Location: /elsewhere"),
    "refused": answers(b'{"status":"2001"}'),
    "paid": answers(b'{"status":"0"}'),
}


def assert_clean(text: str, *besides: str) -> None:
    assert [part for part in (*SECRETS, *besides) if part in text] == []


def client(url: str) -> Client:
    return ours(url)._client


def pay(url: str) -> None:
    client(url).pay(msisdn=PAYER, amount="12.50", reference="r1", transfer_id="t1")


@pytest.mark.parametrize("level", ["DEBUG", "WARNING"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS.values(), ids=BEHAVIOURS)
def test_no_line_and_no_count_holds_an_address(
    logging_as_before: None, capsys: pytest.CaptureFixture[str], level: str, behaviour: Any
) -> None:
    logs.init(level=level, readable=False)
    with serving(behaviour) as network:
        adapter = ours(network.url)
        adapter.submit(an_order(adapter, PAYER))
    nowhere = ours("http://127.0.0.1:1")
    nowhere.submit(an_order(nowhere, PAYER))
    written = capsys.readouterr()
    assert level != "DEBUG" or "provider_call" in written.out
    assert_clean(written.out + written.err, "Req?", "ConversationId")
    assert_clean(generate_latest().decode())


def error_of(call: Callable[[], object]) -> Exception:
    with pytest.raises((NotConnected, NoReply)) as raised:
        call()
    return raised.value


def test_an_error_has_lost_the_librarys_error_which_names_the_address(kept: Kept) -> None:
    with serving(resets) as network:
        errors = [error_of(lambda: pay(network.url)), error_of(lambda: pay("http://127.0.0.1:1"))]
    for error in errors:
        assert_clean("".join(traceback.format_exception(error)))
        sentry_sdk.capture_exception(error)
    assert len(kept.events) == len(errors)
    assert_clean(json.dumps(kept.events, default=str))


def test_a_defect_of_ours_after_the_call_is_reported_without_an_address(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(text: str) -> None:
        raise ValueError("no answer")

    monkeypatch.setattr(bodies, "answer", breaks)
    with serving(answers(b"{}")) as network:
        adapter = ours(network.url)
        order = an_order(adapter, PAYER)
        with pytest.raises(ValueError, match="no answer") as raised:
            adapter.submit(order)
    sentry_sdk.capture_exception(raised.value)
    assert_clean(json.dumps(kept.events, default=str))


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(ours("https://zamtel.example", status_password=PASSWORD)._settings)
    assert_clean(shown)
    assert "zamtel.example" in shown
