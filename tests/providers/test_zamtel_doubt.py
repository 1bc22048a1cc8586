"""What Zamtel says, or does not say, that leaves a payment in doubt; and the evidence of it."""

import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.infra.sockets import answers, hangs_up, keeps_silent, resets, says, serving
from tests.support.networks import an_order
from tests.support.zamtel import PASSWORD, PAYER, ours, told
from zampay.kernel import clock
from zampay.providers.contract import (
    Accepted,
    InDoubt,
    NotSent,
    TooLate,
)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"status":"E8027","message":"System unable to process"}', "200 OK"),
        (b'{"status":"-1","message":"Internal error"}', "200 OK"),
        (b'{"status":-1}', "200 OK"),
        (b'{"status":"E9999"}', "200 OK"),
        (b'{"status":"200"}', "200 OK"),
        (b'{"status":"","message":"Success"}', "200 OK"),
        (b'{"message":"Success"}', "200 OK"),
        (b'{"status":false}', "200 OK"),
        (b'{"status":0.0}', "200 OK"),
        (b'{"status":null}', "200 OK"),
        (b'{"status":["0"]}', "200 OK"),
        (b'{"status":{"code":"0"}}', "200 OK"),
        (b'{"data":{"status":"0"}}', "200 OK"),
        (b'[{"status":"0"}]', "200 OK"),
        (b'{"status":"0","StatusCode":2006}', "200 OK"),
        (b'{"status":"failed","StatusCode":0}', "200 OK"),
        (b'{"status":"E8003","status":"0"}', "200 OK"),
        (b'{"status":"E8003","StatusCode":"2006"}', "200 OK"),
        (b'{"status":"0"', "200 OK"),
        (b"", "200 OK"),
        (b"<html>0</html>", "200 OK"),
        (b'{"status":' + b"9" * 5000 + b"}", "200 OK"),
        (b'{"status":"0"}', "500 Internal Server Error"),
        (b'{"status":"E8003"}', "502 Bad Gateway"),
        (b'{"status":"2001"}', "403 Forbidden"),
        (b'{"status":"0"}', "202 Accepted"),
        (b"", "400 Bad Request"),
        (b"", "404 Not Found"),
        (b"", "429 Too Many Requests"),
        (b"", "302 Found"),
    ],
)
def test_anything_else_is_doubt(body: bytes, status: str) -> None:
    answer = told(body, status)[1]
    assert isinstance(answer, InDoubt)
    assert answer.presumed is None


@pytest.mark.parametrize(
    "body",
    ['{"status":"0","Conversation id":"00001"}', '{"status":"E8003","ConversationId":"00001"}'],
)
def test_an_answer_about_another_id_does_not_fit_our_books(body: str) -> None:
    order, answer = told(body.encode())
    assert isinstance(answer, Accepted)
    assert answer.result is not None
    assert answer.result.transfer_id not in {None, order.transfer_id}


@pytest.mark.parametrize(
    "behaviour", [resets, hangs_up, keeps_silent, says(b"HTTP/1.1 200 OK\r\n")]
)
def test_a_lost_answer_is_doubt_and_is_asked_for_once(behaviour: Any) -> None:
    with serving(behaviour) as network:
        adapter = ours(network.url)
        assert isinstance(adapter.submit(an_order(adapter, PAYER)), InDoubt)
    assert len(network.requests) == 1


def test_the_evidence_says_what_was_sent_for_how_long_we_waited_and_what_came_back() -> None:
    silent = re.compile(r"sent 12\.50 ZMW, short code 000088; after \d+\.\d s no answer \(\w+\)")
    with serving(keeps_silent) as network:
        adapter = ours(network.url)
        lost = adapter.submit(an_order(adapter, PAYER))
    assert isinstance(lost, InDoubt)
    assert silent.fullmatch(lost.detail), lost.detail
    unknown = told(
        b'{"Conversation id":"%s","status":"E8027","message":"Busy","TransactionId":"7"}'
    )[1]
    assert isinstance(unknown, InDoubt)
    assert unknown.detail.endswith(" s 200 status E8027, message Busy")
    page = told(b"<html>\n <h1>Gateway  Timeout</h1></html>", "504 Gateway Timeout")[1]
    assert isinstance(page, InDoubt)
    assert page.detail.endswith(" s 504 <html> <h1>Gateway Timeout</h1></html>")


@pytest.mark.parametrize(
    "written",
    [
        PASSWORD,
        quote(PASSWORD),
        quote(PASSWORD, safe=""),
        quote(quote(PASSWORD, safe=""), safe=""),
        PASSWORD.replace("/", "\\/").replace("=", "\\u003d"),
        PASSWORD.replace("&", "&amp;").replace("+", "&#43;"),
    ],
)
@pytest.mark.parametrize("body", ["<html>%s</html>", '{"status":"E8027","message":"bad: %s"}'])
def test_an_answer_that_repeats_our_credentials_is_kept_without_them(
    written: str, body: str
) -> None:
    answer = told((body % f"Kalulu_Caller {written}").encode())[1]
    assert isinstance(answer, InDoubt)
    assert "•••" in answer.detail
    assert not [part for part in ("yUrz", "Y2jU", "Kalulu", "Caller") if part in answer.detail]


def test_nobody_there_and_no_tls_mean_that_nothing_was_sent() -> None:
    for url in ("http://127.0.0.1:1", "https://127.0.0.1:1"):
        adapter = ours(url)
        assert isinstance(adapter.submit(an_order(adapter, PAYER)), NotSent)
    with serving(answers(b"{}")) as network:
        adapter = ours(network.url.replace("http:", "https:"))
        assert isinstance(adapter.submit(an_order(adapter, PAYER)), NotSent)
    assert not any(b"ConversationId" in request for request in network.requests)


def test_too_late_means_not_one_byte() -> None:
    with serving(answers(b"{}")) as network:
        adapter = ours(network.url)
        late = an_order(adapter, PAYER, send_until_s=clock.monotonic_s() - 0.001)
        assert isinstance(adapter.submit(late), TooLate)
    assert network.requests == []
